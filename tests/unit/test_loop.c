// SPDX-License-Identifier: GPL-2.0-or-later
/* What belongs to a slot: slices on their way to a stall or to blocked time, and the summary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/runtime.h"
#include "stall/engine.h"
#include "stall/stand.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/summary.h"
#include "stall/turn/collect.h"
#include "stall/turn/discard.h"

#define US 1000ull
#define MS 1000000ull
#define S  1000000000ull

static const struct runtime asyncio = { .name = "asyncio" };
static const struct runtime generic = { .name = "generic" };

static struct engine engine; /* of which nothing is told */

static struct loop *new_loop(void)
{
	struct loop *loop = loop_new(1, getpid(), getpid(), &asyncio);

	assert_non_null(loop);
	return loop;
}

static void add(struct loop *loop, enum cause cause, uint64_t ns, uint64_t since_ns)
{
	struct slice slice = { .cause = cause, .ns = ns, .count = 1, .max_ns = ns };

	collect_add(loop, &slice, since_ns, since_ns + ns);
}

static void test_identity(void **state)
{
	struct loop *loop;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a loop"), 0);
	loop = new_loop();
	assert_int_equal(loop->id.pid, getpid());
	assert_int_equal(loop->id.tid, getpid());
	assert_string_equal(loop->id.comm, "a loop");
	assert_string_equal(loop->id.runtime, "asyncio");
	assert_int_equal(loop_set_runtime(loop, &generic), 0);
	assert_string_equal(loop->id.runtime, "generic");
	assert_int_equal(loop_set_runtime(loop, NULL), 0);
	assert_null(loop->id.runtime);
	loop_free(loop);
	loop_free(NULL);
}

static void test_slices_of_one_turn(void **state)
{
	struct loop *loop = new_loop();

	(void)state;
	collect_turn(loop, 7);
	add(loop, CAUSE_SLEEP, 5 * MS, 100 * MS);
	add(loop, CAUSE_SLEEP, 6 * MS, 110 * MS);
	add(loop, CAUSE_CPU, 1 * MS, 105 * MS);
	collect_turn(loop, 7);
	assert_int_equal(loop->collected.turn.nr, 2);
	assert_int_equal(collected_blocked_ns(loop, 7), 11 * MS);
	assert_int_equal(loop->collected.last_ns, 110 * MS);
	assert_int_equal(loop->collected.until_ns, 116 * MS);
	assert_int_equal(loop->collected.blocked.nr, 0);
	loop_free(loop);
}

/* A turn that another follows was no stall: its blocks count, its cpu time does not. */
static void test_next_turn(void **state)
{
	struct loop *loop = new_loop();

	(void)state;
	collect_turn(loop, 7);
	add(loop, CAUSE_SLEEP, 5 * MS, 100 * MS);
	add(loop, CAUSE_CPU, 3 * MS, 105 * MS);
	add(loop, CAUSE_RUNQUEUE, 2 * MS, 105 * MS);
	add(loop, CAUSE_THROTTLED, 2 * MS, 105 * MS);
	add(loop, CAUSE_SOCKET, 4 * MS, 110 * MS);
	collect_turn(loop, 8);
	assert_int_equal(loop->collected.turn.nr, 0);
	assert_int_equal(loop->collected.blocked.nr, 3);
	assert_int_equal(loop->collected.last_ns, 0);
	assert_int_equal(loop->collected.until_ns, 0);
	add(loop, CAUSE_SLEEP, 1 * MS, 200 * MS);
	collect_turn(loop, 0);
	slices_sort(&loop->collected.blocked);
	assert_int_equal(loop->collected.blocked.nr, 3);
	assert_int_equal(loop->collected.blocked.v[0].cause, CAUSE_SLEEP);
	assert_int_equal(loop->collected.blocked.v[0].ns, 6 * MS);
	assert_int_equal(loop->collected.blocked.v[0].count, 2);
	assert_int_equal(loop->collected.blocked.v[0].max_ns, 5 * MS);
	assert_int_equal(loop->collected.blocked.v[1].ns, 4 * MS);
	assert_int_equal(loop->collected.blocked.v[2].cause, CAUSE_THROTTLED);
	loop_free(loop);
}

static void test_void(void **state)
{
	struct loop *loop = new_loop();

	(void)state;
	collect_turn(loop, 7);
	add(loop, CAUSE_SLEEP, 5 * MS, 100 * MS);
	discard_turn(&engine, loop, 6, DISCARD_LEFT);
	assert_int_equal(loop->collected.turn.nr, 1); /* of another turn */
	discard_turn(&engine, loop, 7, DISCARD_LEFT);
	assert_true(turn_is_discarded(loop, 7));
	collect_turn(loop, 8);
	assert_int_equal(loop->collected.blocked.nr, 0);
	loop_free(loop);
}

/* -- the summary -- */

static void test_summary_sums(void **state)
{
	struct loop *loop = new_loop();
	struct bp_slot slot = {
		.state = BP_BLOCKED,
		.in_turn = 1,
		.since_ns = 900,
		.turn_start_ns = 500,
		.turn = { 1, 2, 3, 4, 5 },
		.total = { 10, 20, 30, 40, 50 },
		.turns = 12,
		.idle_ns = 1000,
		.longest_ns = 300,
	};
	struct loop_summary summary;

	(void)state;
	loop->reports.stalls = 3;
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &summary), 0);
	assert_int_equal(summary.id.tid, getpid());
	assert_string_equal(summary.id.runtime, "asyncio");
	assert_ptr_not_equal(summary.id.runtime, loop->id.runtime);
	assert_int_equal(summary.turns, 12);
	assert_int_equal(summary.stalls, 3);
	assert_int_equal(summary.ledger.cpu_ns, 11);
	assert_int_equal(summary.ledger.runqueue_ns, 22);
	assert_int_equal(summary.ledger.throttled_ns, 33);
	assert_int_equal(summary.ledger.blocked_ns, 144);
	assert_int_equal(summary.ledger.unknown_ns, 55);
	assert_int_equal(summary.idle_ns, 1000);
	assert_int_equal(summary.wall_ns, 1000 + 11 + 22 + 33 + 144 + 55);
	assert_int_equal(summary.longest_ns, 300); /* a turn that lasts is none yet */
	free(summary.id.runtime);

	slot.longest_ns = 700;
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &summary), 0);
	assert_int_equal(summary.longest_ns, 700);
	free(summary.id.runtime);
	loop_free(loop);
}

static void test_summary_of_a_period(void **state)
{
	struct loop *loop = new_loop();
	struct bp_slot slot = {
		.state = BP_BLOCKED,
		.in_turn = 1,
		.since_ns = 900,
		.turn_start_ns = 900,
		.total = { 10, 20, 30, 40, 50 },
		.turns = 1000,
		.idle_ns = 1000,
		.longest_ns = 7 * S,
		.hist = { [100] = 900, [200] = 100 },
	};
	struct loop_summary all, part;

	(void)state;
	loop->reports.stalls = 3;
	assert_int_equal(summary_new_period(loop, &slot, 1000), 0);
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &part), 0);
	assert_int_equal(part.turns, 0);
	assert_int_equal(part.stalls, 0);
	assert_int_equal(part.wall_ns, 0);
	assert_int_equal(part.p99_ns, 0);
	assert_int_equal(part.longest_ns, 0);
	free(part.id.runtime);

	slot.in_turn = 0;
	slot.total.blocked_ns += 300;
	slot.turns += 10;
	slot.hist[200] += 10;
	slot.longest_ns = 2 * S; /* as the kernel side does from 0 */
	slot.state = BP_WAITING;
	slot.since_ns = 1300;
	loop->reports.stalls = 4;
	assert_int_equal(summary_of_loop(loop, &slot, 1500, &part), 0);
	assert_int_equal(part.turns, 10);
	assert_int_equal(part.stalls, 1);
	assert_int_equal(part.ledger.cpu_ns, 0);
	/* 100 of them had been counted before the period began */
	assert_int_equal(part.ledger.blocked_ns, 200);
	assert_int_equal(part.idle_ns, 200);
	assert_int_equal(part.wall_ns, 400);
	assert_int_equal(part.longest_ns, 2 * S);
	free(loop->before);
	loop->before = NULL;
	assert_int_equal(summary_of_loop(loop, &slot, 1500, &all), 0);
	assert_int_equal(all.turns, 1010);
	/* most turns before the period were short, all in it long */
	assert_true(part.p50_ns > all.p50_ns);
	free(part.id.runtime);
	free(all.id.runtime);

	/* a period may follow a period, and what was counted while it lasted may turn out less */
	assert_int_equal(summary_new_period(loop, &slot, 1500), 0);
	assert_int_equal(summary_new_period(loop, &slot, 1600), 0);
	slot.idle_ns = 900;
	slot.since_ns = 1600;
	assert_int_equal(summary_of_loop(loop, &slot, 1600, &part), 0);
	assert_int_equal(part.idle_ns, 0);
	assert_int_equal(part.wall_ns, 0);
	free(part.id.runtime);
	loop_free(loop);
}

/* -- as it stands -- */

static void test_stand(void **state)
{
	struct loop *loop = new_loop();
	struct slice slept = { .cause = CAUSE_SLEEP, .ns = 40 };
	struct bp_slot slot = {
		.state = BP_BLOCKED,
		.in_turn = 1,
		.since_ns = 900,
		.turn_seq = 7,
		.turn_start_ns = 500,
		.turn = { 1, 2, 3, 4, 5 },
		.total = { 10, 20, 30, 40, 50 },
		.turns = 12,
		.idle_ns = 1000,
		.longest_ns = 300,
	};
	struct engine_loop stand;

	(void)state;
	loop->number = 3;
	collect_count(loop, &slept);
	slot.hist[5] = 12;
	stand_of_loop(loop, &slot, 1000, &stand);
	assert_ptr_equal(stand.id, &loop->id);
	assert_int_equal(stand.number, 3);
	assert_int_equal(stand.turns, 12);
	assert_int_equal(stand.ledger.cpu_ns, 11);
	assert_int_equal(stand.ledger.blocked_ns, 144);
	assert_int_equal(stand.wall_ns, 1000 + 11 + 22 + 33 + 144 + 55);
	assert_int_equal(stand.longest_ns, 300);
	assert_int_equal(stand.hist[5], 12);
	assert_int_equal(stand.turn_seq, 7);
	assert_int_equal(stand.turn.blocked_ns, 104);
	/* the block that lasts counts once it is known what it is */
	assert_int_equal(stand.blocked_ns[CAUSE_SLEEP], 40);
	loop->current.since_ns = 900;
	loop->current.slice.cause = CAUSE_SOCKET;
	stand_of_loop(loop, &slot, 1000, &stand);
	assert_int_equal(stand.blocked_ns[CAUSE_SLEEP], 40);
	assert_int_equal(stand.blocked_ns[CAUSE_SOCKET], 100);
	/* it has ended, its slice is on its way */
	slot.state = BP_RUNNABLE;
	slot.since_ns = 990;
	slot.pending = 1;
	slot.pending_ns = 90;
	stand_of_loop(loop, &slot, 1000, &stand);
	assert_int_equal(stand.blocked_ns[CAUSE_SOCKET], 90);
	/* no turn after all */
	discard_turn(&engine, loop, 7, DISCARD_LEFT);
	stand_of_loop(loop, &slot, 1000, &stand);
	assert_int_equal(stand.turn_seq, 0);
	assert_int_equal(stand.blocked_ns[CAUSE_SOCKET], 0);
	loop_free(loop);
}

static void test_summary_in_the_wait(void **state)
{
	struct loop *loop = loop_new(1, getpid(), getpid(), NULL);
	const struct bp_slot slot = {
		.state = BP_WAITING,
		.since_ns = 900,
		.turn_start_ns = 100,
		.total = { .cpu_ns = 10 },
		.turn = { .cpu_ns = 77 }, /* of the turn that has ended: it is in total */
		.idle_ns = 1000,
		.longest_ns = 300,
	};
	struct loop_summary summary;

	(void)state;
	assert_non_null(loop);
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &summary), 0);
	assert_null(summary.id.runtime);
	assert_int_equal(summary.idle_ns, 1100);
	assert_int_equal(summary.ledger.cpu_ns, 10);
	assert_int_equal(summary.wall_ns, 1110);
	assert_int_equal(summary.longest_ns, 300);
	assert_int_equal(summary.p50_ns, 0);
	assert_int_equal(summary.p99_ns, 0);
	loop_free(loop);
}

/* The kernel side goes on while the clock's value is used: a turn or wait may have begun since. */
static void test_summary_began_after_now(void **state)
{
	struct loop *loop = new_loop();
	struct bp_slot slot = {
		.state = BP_RUNNING,
		.in_turn = 1,
		.since_ns = 1001,
		.turn_start_ns = 1001,
		.idle_ns = 50,
		.longest_ns = 300,
	};
	struct loop_summary summary;

	(void)state;
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &summary), 0);
	assert_int_equal(summary.longest_ns, 300);
	assert_int_equal(summary.wall_ns, 50);
	free(summary.id.runtime);
	slot.state = BP_WAITING;
	slot.in_turn = 0;
	assert_int_equal(summary_of_loop(loop, &slot, 1000, &summary), 0);
	assert_int_equal(summary.idle_ns, 50);
	free(summary.id.runtime);
	loop_free(loop);
}

/* -- percentiles -- */

/* What abi.h promises of hist: 8 steps an octave, one bucket a nanosecond below that. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int octave = ns ? 63 - __builtin_clzll(ns) : 0, bucket;

	if (octave < 3)
		return ns;
	bucket = (octave - 2) * BP_HIST_STEPS + (ns >> (octave - 3)) % BP_HIST_STEPS;
	return bucket < BP_HIST_BUCKETS ? bucket : BP_HIST_BUCKETS - 1;
}

static void count(struct bp_slot *slot, uint64_t ns)
{
	slot->hist[bucket_of(ns)]++;
	if (ns > slot->longest_ns)
		slot->longest_ns = ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void assert_near(uint64_t found, uint64_t exact)
{
	if (found * 100 > exact * 107 || found * 107 < exact * 100)
		fail_msg("%llu is no percentile like %llu", (unsigned long long)found,
			 (unsigned long long)exact);
}

static uint64_t percentile(const uint64_t *sorted, size_t nr, unsigned int percent)
{
	return sorted[(nr * percent + 99) / 100 - 1];
}

static void percentiles_of(struct loop *loop, uint64_t *values, size_t nr)
{
	struct bp_slot slot = { .state = BP_WAITING };
	struct loop_summary summary;

	for (size_t i = 0; i < nr; i++)
		count(&slot, values[i]);
	qsort(values, nr, sizeof(values[0]), compare);
	assert_int_equal(summary_of_loop(loop, &slot, 0, &summary), 0);
	assert_near(summary.p50_ns, percentile(values, nr, 50));
	assert_near(summary.p99_ns, percentile(values, nr, 99));
	assert_true(summary.p50_ns <= summary.p99_ns);
	assert_true(summary.p99_ns <= summary.longest_ns);
	free(summary.id.runtime);
}

static void test_percentiles(void **state)
{
	static uint64_t values[5000];
	struct loop *loop = new_loop();

	(void)state;
	srand48(20240501);
	for (int round = 0; round < 40; round++) {
		size_t nr = round < 5 ? (size_t)round + 1 : 5000;
		uint64_t shortest = 1 + (uint64_t)lrand48() % (1 << lrand48() % 24);
		unsigned int octaves = 1 + lrand48() % 16;

		for (size_t i = 0; i < nr; i++) /* from nanoseconds up to hours */
			values[i] = (uint64_t)((double)(shortest << lrand48() % octaves) *
					       (1 + drand48()));
		percentiles_of(loop, values, nr);
	}
	for (size_t i = 0; i < 5000; i++) /* two humps far apart */
		values[i] = i % 60 ? 80 * US + i : 3 * S + i * MS;
	percentiles_of(loop, values, 5000);
	loop_free(loop);
}

/* Each length alone, at and around the ends of the buckets. */
static void test_percentile_of_one(void **state)
{
	struct loop *loop = new_loop();

	(void)state;
	for (uint64_t edge = 1; edge < 1ull << 50; edge *= 2) {
		for (int step = -1; step <= 8; step++) {
			uint64_t value = edge + edge / 8 * step;

			if (value)
				percentiles_of(loop, &value, 1);
		}
	}
	loop_free(loop);
}

/* Beyond the last bucket: the longest is what is known. */
static void test_percentile_out_of_range(void **state)
{
	struct loop *loop = new_loop();
	struct bp_slot slot = { .state = BP_WAITING };
	struct loop_summary summary;

	(void)state;
	count(&slot, UINT64_MAX);
	assert_int_equal(slot.hist[BP_HIST_BUCKETS - 1], 1);
	assert_int_equal(summary_of_loop(loop, &slot, 0, &summary), 0);
	assert_true(summary.p99_ns > 1ull << 49);
	free(summary.id.runtime);
	/* as a kernel side that went mad would leave it */
	memset(slot.hist, 0xff, sizeof(slot.hist));
	assert_int_equal(summary_of_loop(loop, &slot, 0, &summary), 0);
	assert_true(summary.p50_ns <= summary.p99_ns);
	free(summary.id.runtime);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_slices_of_one_turn),
		cmocka_unit_test(test_next_turn),
		cmocka_unit_test(test_void),
		cmocka_unit_test(test_summary_sums),
		cmocka_unit_test(test_summary_of_a_period),
		cmocka_unit_test(test_stand),
		cmocka_unit_test(test_summary_in_the_wait),
		cmocka_unit_test(test_summary_began_after_now),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_percentile_of_one),
		cmocka_unit_test(test_percentile_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
