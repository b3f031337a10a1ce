// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - how a turn's slices and ledger become a stall record, and when one that lasts is reported again. */
#include "stall/turn/report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "capture/cpu_parties.h"
#include "model/hist.h"
#include "model/length.h"
#include "probe/probe.h"
#include "runtime/advice.h"
#include "stall/state/live.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"
#include "stall/turn/impact.h"
#include "stall/turn/ledger.h"
#include "stall/turn/settle.h"
#include "stall/turn/slice.h"

#define LASTING_EVERY_NS NS_PER_SEC
#define BLOCKED_EVERY_NS (10 * NS_PER_SEC)

#define TURN_BYTES sizeof(((struct stall_record *)NULL)->turn)

static void turn_name(const struct loop *loop, uint64_t seq, char name[TURN_BYTES])
{
	snprintf(name, TURN_BYTES, "%d-%llu", loop->id.tid,
		 (unsigned long long)loop_turn(loop, seq));
}

/* The last report of a turn. */
static void count_final(struct loop *loop, uint64_t seq, const struct stall_record *record)
{
	struct loop_reports *reports = &loop->reports;
	unsigned int bound = length_bound_under(record->duration_ns);

	if (record->doubt)
		reports->doubtful++;
	else
		reports->stalls++;
	reports->hist[hist_bucket(record->duration_ns)]++;
	if (bound < LENGTH_BOUNDS)
		reports->over[bound]++;
	if (record->duration_ns > reports->longest_ns)
		reports->longest_ns = record->duration_ns;
	if (record->duration_ns > loop->second.stalled_ns)
		loop->second.stalled_ns = record->duration_ns;
	if (record->delayed_events > 0)
		loop->second.delayed_events += (uint64_t)record->delayed_events;
	if (reports->ongoing_seq == seq)
		reports->open = false;
}

/* A tick may hit the thread as it goes back to its loop; a turn may be cut, or begin later than it seemed. */
static void clip(struct stall_record *record)
{
	uint64_t end_ns = record->mono_ns + record->duration_ns;

	for (size_t i = 0; i < record->slices.nr; i++)
		intervals_clip(&record->slices.v[i].intervals, record->mono_ns, end_ns);
}

static void send(struct engine *engine, struct loop *loop, uint64_t seq,
		 const struct bp_runner *runners, struct stall_record *record)
{
	char advice[ADVICE_BYTES];

	turn_name(loop, seq, record->turn);
	record->id = loop->id;
	record->before_attach = record->mono_ns < engine->started_ns;
	record->impact = impact_none();
	if (!record->ongoing) {
		impact_take(loop, seq, record);
		count_final(loop, seq, record);
	}
	settle_slices(&record->slices, &record->ledger, record->ongoing || record->at_end);
	clip(record);
	if (runners)
		cpu_add_runners(&record->slices, runners);
	cpu_add_quota(&record->slices, loop->id.pid);
	record->cause = slices_cause(&record->slices);
	if (advice_of(loop->runtime, record, advice))
		record->advice = advice;
	if (!record->ongoing)
		engine->lost[LOSS_SLICES_WITHOUT_PLACE] += record->slices.placeless;
	engine->sink.stall(engine->sink.context, record);
	slices_free(&record->slices);
}

/* A callback that began with this turn, or in it, is the turn itself. */
static uint64_t nested_ns(uint64_t since_ns, uint64_t start_ns, uint64_t end_ns)
{
	return since_ns && since_ns < start_ns ? end_ns - since_ns : 0;
}

void report_ended(struct engine *engine, struct loop *loop, const struct ended_turn *turn)
{
	struct stall_record record = {
		.mono_ns = turn->start_ns,
		.duration_ns = turn->end_ns - turn->start_ns,
		.doubt = turn->doubt,
		.delayed_events = turn->delayed_events,
		.nested_ns = nested_ns(turn->nested_since_ns, turn->start_ns, turn->end_ns),
		.slices = collected_take(loop, turn->seq),
	};
	struct slices sums = { 0 };

	if (turn->sums)
		slices_of_sums(engine, loop, turn->sums, false, &sums);
	for (size_t i = 0; i < sums.nr; i++) {
		collect_count(loop, &sums.v[i]);
		slices_add(&record.slices, &sums.v[i]);
	}
	sums.nr = 0;
	slices_free(&sums);
	if (!ledger_fit(&turn->ledger, record.duration_ns, &record.ledger) && !turn->estimated)
		engine->lost[LOSS_LEDGERS_CUT]++;
	send(engine, loop, turn->seq, turn->runners, &record);
}

void report_lasting(struct engine *engine, struct loop *loop, const struct lasting_turn *turn,
		    struct slices *now, bool at_end)
{
	const struct bp_slot *slot = &turn->live->slot;
	struct stall_record record = {
		.ongoing = !at_end,
		/* one that was cut had ended: its thread has not moved since */
		.at_end = at_end && !slot->cut_ns,
		.mono_ns = turn->start_ns,
		.duration_ns = turn->now_ns - turn->start_ns,
		.doubt = turn->doubt,
		.delayed_events = -1,
		.nested_ns = nested_ns(slot->nested_since_ns, turn->start_ns, turn->now_ns),
	};

	/* on the second, as seen from the turn's start */
	loop->reports.next_ns =
		LASTING_EVERY_NS +
		(report_has_begun(loop, slot->turn_seq) ? loop->reports.next_ns : turn->now_ns);
	if (!report_has_begun(loop, slot->turn_seq)) {
		/* the end of one before should have come by now */
		report_withdraw(engine, loop, loop->reports.ongoing_seq,
				loop->reports.kernel_reason);
		loop->reports.kernel_reason = DISCARD_OWN_WAIT;
	}
	loop->reports.ongoing_seq = slot->turn_seq;
	loop->reports.open = true;
	loop->reports.over_ns = 0;
	collected_copy(loop, slot->turn_seq, &record.slices);
	for (size_t i = 0; i < now->nr; i++)
		slices_add(&record.slices, &now->v[i]);
	now->nr = 0;
	slices_free(now);
	slices_of_sums(engine, loop, slot->sums, false, &record.slices);
	ledger_fit(&turn->ledger, record.duration_ns, &record.ledger);
	send(engine, loop, slot->turn_seq,
	     slot->runners_seq == slot->turn_seq ? slot->runners : NULL, &record);
}

bool report_has_begun(const struct loop *loop, uint64_t seq)
{
	return loop->reports.ongoing_seq == seq;
}

bool report_is_open(const struct loop *loop, uint64_t seq)
{
	return loop->reports.open && loop->reports.ongoing_seq == seq;
}

void report_withdraw(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason)
{
	struct withdrawn_record record = {
		.mono_ns = probe_now_ns(),
		.id = loop->id,
		.reason = discard_name(reason),
	};

	if (!report_is_open(loop, seq))
		return;
	loop->reports.open = false;
	turn_name(loop, seq, record.turn);
	engine->sink.withdrawn(engine->sink.context, &record);
}

bool report_is_due(const struct loop *loop, uint64_t seq, uint64_t now_ns)
{
	return !report_has_begun(loop, seq) || now_ns >= loop->reports.next_ns;
}

void report_blocked(struct engine *engine, struct loop *loop)
{
	struct blocked_record record = {
		.mono_ns = probe_now_ns(),
		.id = loop->id,
		.slices = collected_take_blocked(loop),
	};

	if (!record.slices.nr)
		return;
	slices_sort(&record.slices);
	engine->lost[LOSS_SLICES_WITHOUT_PLACE] += record.slices.placeless;
	engine->sink.blocked(engine->sink.context, &record);
	slices_free(&record.slices);
}

void report_start(struct engine *engine, uint64_t now_ns)
{
	engine->report.next_blocked_ns = now_ns + BLOCKED_EVERY_NS;
}

bool report_blocked_is_due(struct engine *engine, uint64_t now_ns)
{
	if (now_ns < engine->report.next_blocked_ns)
		return false;
	engine->report.next_blocked_ns = now_ns + BLOCKED_EVERY_NS;
	return true;
}
