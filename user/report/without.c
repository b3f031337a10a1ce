// SPDX-License-Identifier: GPL-2.0-or-later
/* without.c - what is left of a turn, and of a loop's figures, without the time of some slices. */
#include "report/without.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "model/second.h"
#include "report/loop_numbers.h"
#include "report/second_sums.h"

/* What stalls of a loop were, and are. */
struct loop_change {
	uint64_t gone;
	uint64_t gone_doubtful;
	uint64_t taken_ns;
	uint64_t longest_ns; /* of what is left of its stalls */
	struct ledger taken;
	struct second_sum seconds;
	int64_t moved[SECOND_BUCKETS]; /* turns that came to each bucket, less those that left it */
	uint64_t shorter_ns; /* the longest turn that is no stall is at least so long */
};

struct without {
	struct ignore *places;
	struct loop_numbers *loops;
	struct loop_change *changes; /* by the loop's number */
	size_t nr_changes;
	uint64_t threshold_ns;
	struct without_result result;
	const struct recording_reader *next;
};

int without_new(struct without **out, struct ignore *places)
{
	struct without *without = calloc(1, sizeof(*without));

	if (!without || loop_numbers_new(&without->loops)) {
		free(without);
		return -ENOMEM;
	}
	without->places = places;
	*out = without;
	return 0;
}

void without_free(struct without *without)
{
	if (!without)
		return;
	loop_numbers_free(without->loops);
	free(without->changes);
	free(without);
}

const struct without_result *without_result(const struct without *without)
{
	return &without->result;
}

/* NULL: there are too many loops, or there is no memory. */
static struct loop_change *change_of(struct without *without, const struct thread_id *id)
{
	size_t at = loop_numbers_add(without->loops, id), nr = loop_numbers_nr(without->loops);

	if (at == LOOP_NUMBERS_NONE)
		return NULL;
	if (at >= without->nr_changes) {
		struct loop_change *grown =
			reallocarray(without->changes, 2 * nr, sizeof(grown[0]));

		if (!grown)
			return NULL;
		memset(grown + without->nr_changes, 0,
		       (2 * nr - without->nr_changes) * sizeof(grown[0]));
		without->changes = grown;
		without->nr_changes = 2 * nr;
	}
	return &without->changes[at];
}

/* Where the ledger has a slice's time. */
static void add_to_ledger(struct ledger *ledger, const struct slice *slice)
{
	uint64_t *at = slice_is_cpu(slice)		? &ledger->cpu_ns
		       : slice_is_blocked(slice)	? &ledger->blocked_ns
		       : slice->cause == CAUSE_RUNQUEUE ? &ledger->runqueue_ns
							: &ledger->throttled_ns;

	*at = add_saturated(*at, slice->ns);
}

static void take_from_ledger(struct ledger *ledger, const struct ledger *taken)
{
	ledger->cpu_ns = subtract_saturated(ledger->cpu_ns, taken->cpu_ns);
	ledger->runqueue_ns = subtract_saturated(ledger->runqueue_ns, taken->runqueue_ns);
	ledger->throttled_ns = subtract_saturated(ledger->throttled_ns, taken->throttled_ns);
	ledger->blocked_ns = subtract_saturated(ledger->blocked_ns, taken->blocked_ns);
}

/* What a turn, or several, lost elsewhere: slices of others, which own what they point to. */
struct rest {
	struct slices slices;
	struct ledger taken;
	uint64_t placeless_ns;
};

static int leave_rest(const struct without *without, const struct slices *slices, struct rest *rest)
{
	*rest = (struct rest){ .slices = *slices };
	rest->slices.v = calloc(slices->nr + 1, sizeof(rest->slices.v[0]));
	rest->slices.nr = 0;
	if (!rest->slices.v)
		return -ENOMEM;
	for (size_t i = 0; i < slices->nr; i++) {
		const struct slice *slice = &slices->v[i];

		if (ignore_slice(without->places, slice)) {
			add_to_ledger(&rest->taken, slice);
			continue;
		}
		if (!slice->stack)
			rest->placeless_ns = add_saturated(rest->placeless_ns, slice->ns);
		rest->slices.v[rest->slices.nr++] = *slice;
	}
	return 0;
}

/* -- records -- */

static void take_start(void *context, const struct start_record *start)
{
	struct without *without = context;

	without->threshold_ns = start->threshold_ns;
	without->result.threshold_ns = start->threshold_ns;
	loop_numbers_on_host(without->loops, start->host);
	/* each summary is of its own recording */
	if (without->changes)
		memset(without->changes, 0, without->nr_changes * sizeof(without->changes[0]));
	if (without->next->start)
		without->next->start(without->next->context, start);
}

/* What it still lost is of a shorter turn. */
static void feed_shorter(const struct without *without, const struct stall_record *stall,
			 const struct rest *rest)
{
	const struct blocked_record blocked = {
		.mono_ns = add_saturated(stall->mono_ns, stall->duration_ns),
		.time_ns = add_saturated(stall->time_ns, stall->duration_ns),
		.id = stall->id,
		.slices = rest->slices,
	};

	if (rest->slices.nr && without->next->blocked)
		without->next->blocked(without->next->context, &blocked);
}

static void count_stall(struct without *without, const struct stall_record *stall,
			const struct rest *rest, uint64_t left_ns, bool gone)
{
	struct without_result *result = &without->result;
	struct loop_change *change = change_of(without, &stall->id);
	uint64_t taken_ns = stall->duration_ns - left_ns;

	result->stalls++;
	result->gone += gone;
	result->taken_ns = add_saturated(result->taken_ns, taken_ns);
	result->slices_cut = add_saturated(result->slices_cut, stall->slices.cut);
	if (taken_ns)
		result->placeless_ns = add_saturated(result->placeless_ns, rest->placeless_ns);
	if (!change)
		return;
	if (gone && stall->doubt)
		change->gone_doubtful++;
	else if (gone)
		change->gone++;
	if (left_ns > change->longest_ns)
		change->longest_ns = left_ns;
	change->moved[second_bucket_of(stall->duration_ns)]--;
	change->moved[second_bucket_of(left_ns)]++;
	change->taken_ns = add_saturated(change->taken_ns, taken_ns);
	change->taken.cpu_ns = add_saturated(change->taken.cpu_ns, rest->taken.cpu_ns);
	change->taken.runqueue_ns =
		add_saturated(change->taken.runqueue_ns, rest->taken.runqueue_ns);
	change->taken.throttled_ns =
		add_saturated(change->taken.throttled_ns, rest->taken.throttled_ns);
	change->taken.blocked_ns = add_saturated(change->taken.blocked_ns, rest->taken.blocked_ns);
}

static void take_stall(void *context, const struct stall_record *stall)
{
	struct without *without = context;
	const struct recording_reader *next = without->next;
	struct stall_record left = *stall;
	struct rest rest;
	bool gone, last = !stall->ongoing || stall->at_end;

	if (leave_rest(without, &stall->slices, &rest))
		return;
	left.slices = rest.slices;
	left.duration_ns = subtract_saturated(stall->duration_ns, ledger_sum(&rest.taken));
	gone = left.duration_ns < stall->duration_ns && left.duration_ns <= without->threshold_ns;
	if (left.duration_ns < stall->duration_ns) {
		/* who waited for what is left of it, nobody knows */
		left.advice = NULL;
		left.delayed_events = -1;
		left.impact = impact_none();
		left.cause = slices_cause(&left.slices);
		take_from_ledger(&left.ledger, &rest.taken);
	}
	if (last)
		count_stall(without, stall, &rest, left.duration_ns, gone);
	if (!gone && next->stall)
		next->stall(next->context, &left);
	else if (gone && last)
		feed_shorter(without, stall, &rest);
	free(rest.slices.v);
}

static void take_blocked(void *context, const struct blocked_record *blocked)
{
	struct without *without = context;
	struct blocked_record left = *blocked;
	struct rest rest;

	if (leave_rest(without, &blocked->slices, &rest))
		return;
	left.slices = rest.slices;
	without->result.shorter_ns =
		add_saturated(without->result.shorter_ns, ledger_sum(&rest.taken));
	if (rest.slices.nr && without->next->blocked)
		without->next->blocked(without->next->context, &left);
	free(rest.slices.v);
}

/* How long the longest turn of it was that is no stall: at least. */
static uint64_t shorter_of(const struct without *without, const struct second_record *second)
{
	uint64_t shorter_ns = 0;

	if (second->longest_ns <= without->threshold_ns)
		return second->longest_ns;
	for (unsigned int i = 0; i + 1 < SECOND_BUCKETS; i++)
		if (second->buckets[i + 1] && second_upper_ns(i + 1) <= without->threshold_ns)
			shorter_ns = second_upper_ns(i);
	return shorter_ns;
}

/* They are not passed on: when in a second it was that a stall lost its time is not always known. */
static void take_second(void *context, const struct second_record *second)
{
	struct without *without = context;
	struct loop_change *change = change_of(without, &second->id);
	uint64_t shorter_ns = shorter_of(without, second);

	if (!change)
		return;
	second_sum_add(&change->seconds, second);
	if (shorter_ns > change->shorter_ns)
		change->shorter_ns = shorter_ns;
	without->result.has_seconds = true;
}

/* Where turns are in other buckets now, a percentile is what these say. */
static void change_percentile(const struct loop_change *change, unsigned int percent, uint64_t *ns)
{
	struct second_sum left = change->seconds;
	uint64_t before_ns = second_sum_percentile_ns(&left, percent), after_ns;

	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		left.buckets[i] =
			change->moved[i] < 0
				? subtract_saturated(left.buckets[i], (uint64_t)-change->moved[i])
				: left.buckets[i] + (uint64_t)change->moved[i];
	after_ns = second_sum_percentile_ns(&left, percent);
	/* what the summary says is nearer as long as the bucket is the same */
	if (second_bucket_of(after_ns) < second_bucket_of(before_ns) && after_ns < *ns)
		*ns = after_ns;
}

static void change_loop(const struct without *without, struct loop_summary *loop)
{
	size_t at = loop_numbers_find(without->loops, &loop->id);
	const struct loop_change *change;
	/* without seconds the lengths of turns that are no stalls are known by percentiles only */
	uint64_t shorter_ns = loop->p99_ns <= without->threshold_ns   ? loop->p99_ns
			      : loop->p50_ns <= without->threshold_ns ? loop->p50_ns
								      : 0;

	if (at == LOOP_NUMBERS_NONE || at >= without->nr_changes || !without->changes[at].taken_ns)
		return;
	change = &without->changes[at];
	if (change->shorter_ns > shorter_ns)
		shorter_ns = change->shorter_ns;
	change_percentile(change, 50, &loop->p50_ns);
	change_percentile(change, 99, &loop->p99_ns);
	loop->stalls = subtract_saturated(loop->stalls, change->gone);
	loop->doubtful = subtract_saturated(loop->doubtful, change->gone_doubtful);
	loop->longest_ns = change->longest_ns > shorter_ns ? change->longest_ns : shorter_ns;
	if (loop->p99_ns > loop->longest_ns)
		loop->p99_ns = loop->longest_ns;
	if (loop->p50_ns > loop->longest_ns)
		loop->p50_ns = loop->longest_ns;
	/* it would have waited for events instead */
	loop->idle_ns = add_saturated(loop->idle_ns, change->taken_ns);
	take_from_ledger(&loop->ledger, &change->taken);
}

static void take_summary(void *context, const struct summary_record *summary)
{
	struct without *without = context;
	struct summary_record left = *summary;
	__freeing struct loop_summary *loops = calloc(summary->nr_loops + 1, sizeof(loops[0]));

	if (!loops || !without->next->summary)
		return;
	memcpy(loops, summary->loops, summary->nr_loops * sizeof(loops[0]));
	for (size_t i = 0; i < summary->nr_loops; i++)
		change_loop(without, &loops[i]);
	left.loops = loops;
	without->next->summary(without->next->context, &left);
}

/* Records that nothing is taken from. */
#define DEFINE_PASS(record)                                                         \
	static void take_##record(void *context, const struct record##_record *one) \
	{                                                                           \
		const struct without *without = context;                            \
                                                                                    \
		if (without->next->record)                                          \
			without->next->record(without->next->context, one);         \
	}

DEFINE_PASS(loop)
DEFINE_PASS(withdrawn)
DEFINE_PASS(exit)
DEFINE_PASS(note)

static bool is_enough(void *context)
{
	const struct without *without = context;

	return recording_is_enough(without->next);
}

struct recording_reader without_reader(struct without *without, const struct recording_reader *next)
{
	without->next = next;
	return (struct recording_reader){
		.context = without,
		.start = take_start,
		.loop = take_loop,
		.stall = take_stall,
		.withdrawn = take_withdrawn,
		.blocked = take_blocked,
		.second = take_second,
		.exit = take_exit,
		.note = take_note,
		.summary = take_summary,
		.enough = is_enough,
	};
}
