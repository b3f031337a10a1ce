// SPDX-License-Identifier: GPL-2.0-or-later
/* discard.c - which turn of a loop is not to be reported, and what is counted of those. */
#include "stall/turn/discard.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"
#include "stall/turn/report.h"

static void add(struct engine *engine, const struct loop *loop, enum discard reason, uint64_t nr,
		uint64_t ns)
{
	struct discards *discards = &engine->discards;

	discards->count[reason] += nr;
	if (ns > discards->longest_ns[reason])
		discards->longest_ns[reason] = ns;
	if (loop->runtime && engine->sink.discarded)
		engine->sink.discarded(engine->sink.context, &loop->id, reason, ns);
}

void discard_turn(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason)
{
	if (loop->discard.seq != seq)
		loop->discard = (struct loop_discard){
			.seq = seq,
			.reason = reason,
			.idle_ns = loop->discard.idle_ns,
		};
	collect_drop(loop, seq);
	report_withdraw(engine, loop, seq, reason);
}

void discard_rest(struct engine *engine, struct loop *loop, uint64_t seq)
{
	discard_turn(engine, loop, seq, DISCARD_LEFT);
	discard_until(loop, UINT64_MAX);
}

void discard_until(struct loop *loop, uint64_t until_ns)
{
	if (until_ns > loop->discard.until_ns)
		loop->discard.until_ns = until_ns;
}

bool turn_is_discarded(const struct loop *loop, uint64_t seq)
{
	return seq == loop->discard.seq;
}

void discard_ended(struct engine *engine, struct loop *loop, uint64_t start_ns, uint64_t end_ns)
{
	struct loop_discard *discard = &loop->discard;
	uint64_t from_ns = discard->until_ns > start_ns ? discard->until_ns : start_ns;

	if (end_ns > from_ns)
		discard_count(engine, loop, discard->seq, discard->reason, end_ns - from_ns);
	discard->until_ns = UINT64_MAX;
}

void discard_count(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason,
		   uint64_t ns)
{
	if (ns >= engine->options.threshold_ns)
		add(engine, loop, reason, 1, ns);
	report_withdraw(engine, loop, seq, reason);
}

/* -- what the kernel side knows of -- */

static void take(struct engine *engine, struct loop *loop, struct bp_discarded *discarded,
		 unsigned int *seen, enum discard reason)
{
	unsigned int count = discarded->count;

	if (count == *seen)
		return;
	add(engine, loop, reason, count - *seen,
	    __atomic_exchange_n(&discarded->longest_ns, 0, __ATOMIC_RELAXED));
	*seen = count;
	loop->reports.kernel_reason = reason;
}

void discard_take(struct engine *engine, struct loop *loop)
{
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	/* those of a thread that is no loop are nobody's */
	if (loop->runtime)
		take(engine, loop, &slot->provisional, &loop->discard_seen.provisional,
		     DISCARD_PROVISIONAL);
	take(engine, loop, &slot->unvouched, &loop->discard_seen.unvouched, DISCARD_UNVOUCHED);
	take(engine, loop, &slot->unsent, &loop->discard_seen.unsent, DISCARD_LOST);
}

/*
 * A record that says what became of a turn may come so much later than the slot shows its
 * end: the CPU that is about to send it can be a virtual one, which its host lets stand still.
 */
#define ON_ITS_WAY_NS (500 * NS_PER_MS)

void discard_check(struct engine *engine, struct loop *loop, bool last)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct loop_reports *reports = &loop->reports;
	uint64_t now_ns = probe_now_ns();

	if (!report_is_open(loop, reports->ongoing_seq))
		return;
	if (!last && slot->in_turn && slot->turn_seq == reports->ongoing_seq) {
		reports->over_ns = 0;
		return;
	}
	if (!reports->over_ns)
		reports->over_ns = now_ns;
	if (last || now_ns - reports->over_ns >= ON_ITS_WAY_NS)
		report_withdraw(engine, loop, reports->ongoing_seq, reports->kernel_reason);
}

/* -- the summary -- */

void discard_sum(const struct engine *engine, struct summary_record *record)
{
	const struct discards *discards = &engine->discards;

	record->discarded = calloc(DISCARD_NR, sizeof(record->discarded[0]));
	if (!record->discarded)
		return;
	for (int reason = 0; reason < DISCARD_NR; reason++)
		if (discards->count[reason])
			record->discarded[record->nr_discarded++] = (struct discard_count){
				.name = discard_name((enum discard)reason),
				.count = discards->count[reason],
				.longest_ns = discards->longest_ns[reason],
			};
}

void discard_forget(struct engine *engine)
{
	memset(&engine->discards, 0, sizeof(engine->discards));
}
