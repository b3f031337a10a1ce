// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - how a turn's slices and ledger become a stall record, and when one that lasts is reported again. */
#include "stall/turn/report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "capture/cpu_parties.h"
#include "probe/probe.h"
#include "stall/state/live.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"
#include "stall/turn/ledger.h"
#include "stall/turn/settle.h"
#include "stall/turn/slice.h"

#define LASTING_EVERY_NS NS_PER_SEC
#define BLOCKED_EVERY_NS (10 * NS_PER_SEC)

static void send(struct engine *engine, struct loop *loop, uint64_t seq,
		 const struct bp_runner *runners, struct stall_record *record)
{
	snprintf(record->turn, sizeof(record->turn), "%d-%llu", loop->id.tid,
		 (unsigned long long)seq);
	record->id = loop->id;
	record->before_attach = record->mono_ns < engine->started_ns;
	settle_slices(&record->slices, &record->ledger, record->ongoing);
	if (runners)
		cpu_add_runners(&record->slices, runners);
	cpu_add_quota(&record->slices, loop->id.pid);
	record->cause = slices_cause(&record->slices);
	if (!record->ongoing)
		engine->lost[LOSS_SLICES_WITHOUT_PLACE] += record->slices.placeless;
	engine->sink.stall(engine->sink.context, record);
	slices_free(&record->slices);
}

void report_ended(struct engine *engine, struct loop *loop, const struct ended_turn *turn)
{
	struct stall_record record = {
		.mono_ns = turn->start_ns,
		.duration_ns = turn->end_ns - turn->start_ns,
		.delayed_events = turn->delayed_events,
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
	loop->reports.stalls++;
	send(engine, loop, turn->seq, turn->runners, &record);
}

void report_lasting(struct engine *engine, struct loop *loop, const struct lasting_turn *turn,
		    struct slices *now)
{
	const struct bp_slot *slot = &turn->live->slot;
	struct stall_record record = {
		.ongoing = true,
		.mono_ns = turn->start_ns,
		.duration_ns = turn->now_ns - turn->start_ns,
		.delayed_events = -1,
	};

	/* on the second, as seen from the turn's start */
	loop->reports.next_ns =
		LASTING_EVERY_NS +
		(report_has_begun(loop, slot->turn_seq) ? loop->reports.next_ns : turn->now_ns);
	loop->reports.ongoing_seq = slot->turn_seq;
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
