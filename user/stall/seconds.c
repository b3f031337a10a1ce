// SPDX-License-Identifier: GPL-2.0-or-later
/* seconds.c - what of a loop's totals is of which second, and which seconds are one. */
#include "stall/seconds.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "probe/probe.h"
#include "stall/engine.h"
#include "stall/stand.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/summary.h"
#include "stall/turn/slice.h"

/* Blocks that no slice was sent for yet. */
static void add_sums(struct engine *engine, const struct loop *loop, const struct bp_slot *slot,
		     struct engine_loop *now)
{
	struct slices slices = { 0 };

	slices_of_sums(engine, loop, slot->sums, false, &slices);
	slices_of_sums(engine, loop, slot->sums, true, &slices);
	for (size_t i = 0; i < slices.nr; i++)
		now->blocked_ns[slices.v[i].cause] += slices.v[i].ns;
	slices_free(&slices);
}

/* Makes the blocked time of all causes that of the ledger: what is not known yet is OTHER. */
static void fit(uint64_t by_cause_ns[CAUSE_NR], uint64_t blocked_ns)
{
	uint64_t sum_ns = 0;

	for (int cause = 0; cause < CAUSE_NR; cause++)
		sum_ns += by_cause_ns[cause];
	while (sum_ns > blocked_ns) {
		uint64_t *most = &by_cause_ns[0], excess_ns = sum_ns - blocked_ns;

		for (int cause = 1; cause < CAUSE_NR; cause++)
			if (by_cause_ns[cause] > *most)
				most = &by_cause_ns[cause];
		excess_ns = excess_ns < *most ? excess_ns : *most;
		*most -= excess_ns;
		sum_ns -= excess_ns;
	}
	by_cause_ns[CAUSE_OTHER] += blocked_ns - sum_ns;
}

/*
 * Most of a recording are records of seconds, and most of what these take are digits: what
 * is less than this is told with the next one.
 */
#define TOLD_NS (10 * NS_PER_US)

static void take_whole(uint64_t *ns, uint64_t *now_ns)
{
	uint64_t rest_ns = *ns % TOLD_NS;

	*ns -= rest_ns;
	*now_ns = subtract_saturated(*now_ns, rest_ns);
}

/* Blocked time is what its causes have. */
static void take_whole_causes(uint64_t by_cause_ns[CAUSE_NR], struct ledger *ledger,
			      struct engine_loop *to)
{
	uint64_t blocked_ns = 0;

	for (int cause = 0; cause < CAUSE_NR; cause++) {
		take_whole(&by_cause_ns[cause], &to->blocked_ns[cause]);
		blocked_ns += by_cause_ns[cause];
	}
	to->ledger.blocked_ns =
		subtract_saturated(to->ledger.blocked_ns, ledger->blocked_ns - blocked_ns);
	ledger->blocked_ns = blocked_ns;
}

static void take_whole_ledger(struct second_record *record, struct engine_loop *to)
{
	take_whole(&record->idle_ns, &to->idle_ns);
	take_whole(&record->ledger.cpu_ns, &to->ledger.cpu_ns);
	take_whole(&record->ledger.runqueue_ns, &to->ledger.runqueue_ns);
	take_whole(&record->ledger.throttled_ns, &to->ledger.throttled_ns);
	take_whole(&record->ledger.unknown_ns, &to->ledger.unknown_ns);
}

static void set_causes(struct second_record *record, const struct engine_loop *from,
		       struct engine_loop *to, uint64_t collecting_ns)
{
	struct ledger *ledger = &record->ledger;
	uint64_t *by_cause_ns = record->by_cause_ns;

	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (cause != CAUSE_THROTTLED)
			by_cause_ns[cause] =
				subtract_saturated(to->blocked_ns[cause], from->blocked_ns[cause]);
	fit(by_cause_ns, ledger->blocked_ns);
	take_whole_causes(by_cause_ns, ledger, to);
	take_whole_ledger(record, to);
	if (collecting_ns > ledger->cpu_ns)
		collecting_ns = ledger->cpu_ns;
	by_cause_ns[CAUSE_GC] += collecting_ns;
	by_cause_ns[CAUSE_CPU] += ledger->cpu_ns - collecting_ns;
	by_cause_ns[CAUSE_RUNQUEUE] += ledger->runqueue_ns;
	by_cause_ns[CAUSE_THROTTLED] += ledger->throttled_ns;
	by_cause_ns[CAUSE_OTHER] += ledger->unknown_ns;
}

/*
 * What lies between two stands; to becomes what has been told of. What is counted while it
 * lasts may be something else once it is over.
 */
static struct second_record record_of(const struct engine_loop *from, struct engine_loop *to,
				      uint64_t collecting_ns)
{
	struct second_record record = {
		.mono_ns = from->now_ns,
		.idle_ns = subtract_saturated(to->idle_ns, from->idle_ns),
		.ledger = {
			.cpu_ns = subtract_saturated(to->ledger.cpu_ns, from->ledger.cpu_ns),
			.runqueue_ns = subtract_saturated(to->ledger.runqueue_ns, from->ledger.runqueue_ns),
			.throttled_ns = subtract_saturated(to->ledger.throttled_ns, from->ledger.throttled_ns),
			.blocked_ns = subtract_saturated(to->ledger.blocked_ns, from->ledger.blocked_ns),
			.unknown_ns = subtract_saturated(to->ledger.unknown_ns, from->ledger.unknown_ns),
		},
	};
	unsigned int hist[HIST_BUCKETS], over[LENGTH_BOUNDS];

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		hist[i] = to->hist[i] > from->hist[i] ? to->hist[i] - from->hist[i] : 0;
		record.turns += hist[i];
	}
	for (unsigned int i = 0; i < LENGTH_BOUNDS; i++)
		over[i] = to->over[i] > from->over[i] ? to->over[i] - from->over[i] : 0;
	second_add(record.buckets, hist);
	length_add(record.lengths, hist, over);
	set_causes(&record, from, to, collecting_ns);
	return record;
}

static void raise(uint64_t *mark, uint64_t now)
{
	if (now > *mark)
		*mark = now;
}

/*
 * What was told of stays so, also where it turned out later to be none of the loop's:
 * then less is told of the time after, and the sum is right.
 */
static void mark(struct engine_loop *told, const struct engine_loop *now)
{
	told->now_ns = now->now_ns;
	raise(&told->idle_ns, now->idle_ns);
	raise(&told->ledger.cpu_ns, now->ledger.cpu_ns);
	raise(&told->ledger.runqueue_ns, now->ledger.runqueue_ns);
	raise(&told->ledger.throttled_ns, now->ledger.throttled_ns);
	raise(&told->ledger.blocked_ns, now->ledger.blocked_ns);
	raise(&told->ledger.unknown_ns, now->ledger.unknown_ns);
	for (int cause = 0; cause < CAUSE_NR; cause++)
		raise(&told->blocked_ns[cause], now->blocked_ns[cause]);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		if (now->hist[i] > told->hist[i])
			told->hist[i] = now->hist[i];
	for (unsigned int i = 0; i < LENGTH_BOUNDS; i++)
		if (now->over[i] > told->over[i])
			told->over[i] = now->over[i];
}

/* The longest turn since the last time, of all. */
static uint64_t take_longest(struct loop *loop, struct bp_slot *slot)
{
	struct loop_second *second = &loop->second;
	/* the kernel side sets it again; a turn that ends right now may be missed */
	uint64_t longest_ns = __atomic_exchange_n(&slot->longest_ns, 0, __ATOMIC_RELAXED);

	if (longest_ns > second->longest_ns)
		second->longest_ns = longest_ns;
	if (second->stalled_ns > longest_ns)
		longest_ns = second->stalled_ns;
	second->stalled_ns = 0;
	return longest_ns;
}

/* Losses are the watch's: they are told in the first record after them. */
static void take_losses(struct engine *engine, struct second_record *record)
{
	struct seconds *seconds = &engine->seconds;
	struct summary_record now = { 0 };

	summary_losses(engine, &now);
	if (now.nr_lost)
		record->lost = malloc(now.nr_lost * sizeof(record->lost[0]));
	if (record->lost) {
		memcpy(record->lost, now.lost, now.nr_lost * sizeof(record->lost[0]));
		record->nr_lost = losses_since(record->lost, now.nr_lost, seconds->losses,
					       seconds->nr_losses);
	}
	free(seconds->losses);
	seconds->losses = now.lost;
	seconds->nr_losses = now.nr_lost;
}

static void send(struct engine *engine, struct loop *loop, struct second_record *record)
{
	record->id = loop->id;
	take_losses(engine, record);
	engine->sink.second(engine->sink.context, record);
	free(record->lost);
}

/* Before its first second it had done nothing. */
static bool begin(struct loop_second *second, const struct engine_loop *now)
{
	second->told = calloc(1, sizeof(*second->told));
	second->last = calloc(1, sizeof(*second->last));
	if (!second->told || !second->last) {
		free(second->told);
		free(second->last);
		second->told = second->last = NULL;
		return false;
	}
	second->told->now_ns = subtract_saturated(now->now_ns, now->wall_ns);
	second->last->now_ns = second->told->now_ns;
	return true;
}

static bool is_quiet(const struct engine_loop *from, const struct engine_loop *to)
{
	return from->turns == to->turns && !from->turn_seq && !to->turn_seq &&
	       ledger_sum(&from->ledger) == ledger_sum(&to->ledger);
}

static void tell_quiet(struct engine *engine, struct loop *loop)
{
	struct loop_second *second = &loop->second;
	struct second_record record;
	struct engine_loop upto;

	if (!second->quiet)
		return;
	second->quiet = false;
	upto = *second->last;
	record = record_of(second->told, &upto, 0);
	mark(second->told, &upto);
	send(engine, loop, &record);
}

static void tell(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct loop_second *second = &loop->second;
	struct second_record record;
	struct engine_loop now, upto;
	uint64_t collecting_ns;

	stand_of_loop(loop, slot, now_ns, &now);
	if (!second->told && !begin(second, &now))
		return;
	if (is_quiet(second->last, &now)) {
		second->quiet = true;
		*second->last = now;
		return;
	}
	add_sums(engine, loop, slot, &now);
	tell_quiet(engine, loop);
	upto = now;
	collecting_ns = loop->collected.collecting_ns - second->collecting_ns;
	collecting_ns -= collecting_ns % TOLD_NS;
	record = record_of(second->told, &upto, collecting_ns);
	record.longest_ns = take_longest(loop, slot);
	record.delayed_events = second->delayed_events;
	second->delayed_events = 0;
	second->collecting_ns += collecting_ns;
	mark(second->told, &upto);
	*second->last = now;
	send(engine, loop, &record);
}

void seconds_run(struct engine *engine, uint64_t now_ns)
{
	struct seconds *seconds = &engine->seconds;
	bool begins = now_ns / NS_PER_SEC != seconds->last;

	if (!engine->sink.second || (!begins && !seconds->left))
		return;
	seconds->last = now_ns / NS_PER_SEC;
	seconds->left = false;
	for_each_loop (engine->loops, loop) {
		loop->second.due |= begins;
		if (!loop->runtime || !loop->second.due)
			continue;
		/* blocks that are over have no cause yet */
		if (probe_unread(engine->probe, loop->id.pid)) {
			seconds->left = true;
			continue;
		}
		loop->second.due = false;
		tell(engine, loop, now_ns);
	}
}

void seconds_end(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	if (!engine->sink.second || !loop->runtime)
		return;
	tell(engine, loop, now_ns);
	tell_quiet(engine, loop);
}

void seconds_forget(struct engine *engine)
{
	free(engine->seconds.losses);
}
