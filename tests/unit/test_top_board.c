// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures that `top` shows of a loop: shares, windows, causes, turns. */
#include "board_fixture.h"

static void test_share_of_an_interval(void **state)
{
	struct fake_loop loop;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_INTERVAL), 0, 0.01);
	stall(&loop, 5, now_ns + 200 * MS, 300 * MS, false);
	loop.stand.blocked_ns[CAUSE_SLEEP] += 225 * MS;
	loop.stand.longest_ns = 300 * MS;
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_INTERVAL), 30, 0.01);
	assert_int_equal(row_of(1, WINDOW_INTERVAL)->longest_ns, 300 * MS);
	assert_about(stalled(1, WINDOW_RECENT), 15, 0.01);
	assert_about(stalled(1, WINDOW_START), 15, 0.01);
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_INTERVAL), 0, 0.01);
	assert_about(stalled(1, WINDOW_START), 10, 0.01);
	assert_int_equal(row_of(1, WINDOW_START)->delayed_events, 7);
	assert_int_equal(row_of(1, WINDOW_INTERVAL)->delayed_events, 0);
	assert_int_equal(row_of(1, WINDOW_START)->stalls, 1);
	assert_int_equal(board_stalls(board), 1);
	/* shorter than the longest so far */
	stall(&loop, 6, now_ns + 200 * MS, 150 * MS, false);
	refresh(S, &loop, 1);
	assert_int_equal(row_of(1, WINDOW_INTERVAL)->longest_ns, 150 * MS);
	assert_int_equal(row_of(1, WINDOW_START)->longest_ns, 300 * MS);
}

/* What is over the threshold later was stalled before the refresh, too: no window gets more than its own. */
static void test_stall_across_refreshes(void **state)
{
	struct fake_loop loop;
	uint64_t start_ns;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	start_ns = now_ns + 950 * MS;
	refresh(S, &loop, 1); /* 50 ms old: no stall yet */
	assert_about(stalled(1, WINDOW_INTERVAL), 0, 0.01);
	stall(&loop, 9, start_ns, THRESHOLD, true);
	refresh(S, &loop, 1);
	assert_true(row_of(1, WINDOW_INTERVAL)->stalled);
	assert_about(stalled(1, WINDOW_INTERVAL), 100, 0.01);
	assert_about(stalled(1, WINDOW_START), 35, 0.01); /* 1.05 of 3 s */
	assert_int_equal(row_of(1, WINDOW_INTERVAL)->longest_ns, 1050 * MS);
	stall(&loop, 9, start_ns, 1300 * MS, false);
	refresh(S, &loop, 1);
	assert_false(row_of(1, WINDOW_INTERVAL)->stalled);
	assert_about(stalled(1, WINDOW_INTERVAL), 25, 0.01);
	assert_about(stalled(1, WINDOW_START), 32.5, 0.01);
}

/* One that began and ended between two refreshes, but a part of which was before the last. */
static void test_short_stall_across_a_refresh(void **state)
{
	struct fake_loop loop;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	stall(&loop, 3, now_ns - 60 * MS, 110 * MS, false);
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_INTERVAL), 5, 0.01);
	assert_about(stalled(1, WINDOW_START), 5.5, 0.01);
}

/* The end of a stall is read after the slot shows that it is over: nothing is lost, nothing doubled. */
static void test_end_comes_late(void **state)
{
	struct fake_loop loop;
	uint64_t start_ns;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	start_ns = now_ns;
	stall(&loop, 4, start_ns, THRESHOLD, true);
	refresh(S, &loop, 1);
	loop.stand.turn_seq = 5;
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_INTERVAL), 0, 0.01);
	stall(&loop, 4, start_ns, 1500 * MS, false);
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_START), 37.5, 0.01);
	/* one that is never reported again was none */
	stall(&loop, 6, now_ns, THRESHOLD, true);
	loop.stand.turn_seq = 7;
	refresh(S, &loop, 1);
	refresh(S, &loop, 1);
	assert_false(row_of(1, WINDOW_START)->stalled);
	assert_about(stalled(1, WINDOW_START), 25, 0.01);
}

/* A block from before the watch counts from the start of the watch only. */
static void test_before_attach(void **state)
{
	struct fake_loop loop;

	(void)state;
	init(&loop, 1, PID, "python3");
	loop.stand.wall_ns = 500 * S;
	loop.stand.blocked_ns[CAUSE_SLEEP] = 501 * S;
	stall(&loop, 1, START - 500 * S, 500 * S, true);
	refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_START), 100, 0.01);
	assert_int_equal(row_of(1, WINDOW_START)->span_ns, S);
	assert_int_equal(row_of(1, WINDOW_START)->causes_ns[CAUSE_SLEEP], S);
	assert_int_equal(row_of(1, WINDOW_START)->longest_ns, 501 * S);
	stall(&loop, 1, START - 500 * S, 501 * S, false);
	refresh(S, &loop, 1);
	refresh(2 * S, &loop, 1);
	assert_about(stalled(1, WINDOW_START), 25, 0.01);
	assert_int_equal(row_of(1, WINDOW_START)->causes_ns[CAUSE_SLEEP], S);
}

static void test_causes(void **state)
{
	enum cause causes[CAUSE_NR];
	struct fake_loop loop;
	const struct board_row *row;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	loop.stand.blocked_ns[CAUSE_SOCKET] = 300 * MS;
	loop.stand.blocked_ns[CAUSE_FILE] = 10 * MS;
	stall(&loop, 2, now_ns, 400 * MS, false); /* 100 ms of it cpu */
	/* cpu time outside of stalls is no loss */
	loop.stand.ledger.cpu_ns = 500 * MS;
	refresh(S, &loop, 1);
	row = row_of(1, WINDOW_INTERVAL);
	assert_int_equal(board_causes(row, causes), 3);
	assert_int_equal(causes[0], CAUSE_SOCKET);
	assert_int_equal(causes[1], CAUSE_CPU);
	assert_int_equal(causes[2], CAUSE_FILE);
	assert_about(board_share(row, row->causes_ns[CAUSE_SOCKET]), 30, 0.01);
	assert_about(board_share(row, row->causes_ns[CAUSE_CPU]), 10, 0.01);
	/* while one lasts, its ledger is the slot's */
	stall(&loop, 3, now_ns, THRESHOLD, true);
	loop.stand.turn = (struct ledger){ .cpu_ns = 900 * MS, .runqueue_ns = 100 * MS };
	refresh(S, &loop, 1);
	row = row_of(1, WINDOW_INTERVAL);
	assert_int_equal(row->causes_ns[CAUSE_CPU], 900 * MS);
	assert_int_equal(row->causes_ns[CAUSE_RUNQUEUE], 100 * MS);
	assert_int_equal(row->causes_ns[CAUSE_SOCKET], 0);
}

static void test_turns(void **state)
{
	struct fake_loop loop;
	const struct board_row *row;

	(void)state;
	init(&loop, 1, PID, "python3");
	turns(&loop, 1000, 1 * MS);
	refresh(S, &loop, 1);
	assert_int_equal(row_of(1, WINDOW_INTERVAL)->turns, 1000);
	turns(&loop, 97, 2 * MS);
	turns(&loop, 3, 50 * MS);
	refresh(S, &loop, 1);
	row = row_of(1, WINDOW_INTERVAL);
	assert_int_equal(row->turns, 100);
	assert_about((double)row->p99_ns, 50 * MS, 0.063 * 50 * MS);
	assert_int_equal(row->longest_ns, 50 * MS);
	row = row_of(1, WINDOW_START);
	assert_int_equal(row->turns, 1100);
	assert_about((double)row->p99_ns, 2 * MS, 0.063 * 2 * MS);
	/* shorter than the longest ever: from the histogram */
	turns(&loop, 10, 20 * MS);
	refresh(S, &loop, 1);
	row = row_of(1, WINDOW_INTERVAL);
	assert_about((double)row->longest_ns, 20 * MS, 0.063 * 20 * MS);
	assert_int_equal(row_of(1, WINDOW_START)->longest_ns, 50 * MS);
	refresh(S, &loop, 1);
	row = row_of(1, WINDOW_INTERVAL);
	assert_int_equal(row->longest_ns, 0);
	assert_int_equal(row->p99_ns, 0);
}

/* The recent window is five to ten seconds long, once there was that much time. */
static void test_recent(void **state)
{
	struct fake_loop loop;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	stall(&loop, 2, now_ns, 500 * MS, false);
	for (int i = 0; i < 4; i++)
		refresh(S, &loop, 1);
	assert_about(stalled(1, WINDOW_RECENT), 10, 0.01); /* of 5 s */
	assert_int_equal(row_of(1, WINDOW_RECENT)->longest_ns, 500 * MS);
	for (int i = 0; i < 60; i++) {
		uint64_t span_ns;

		refresh(S, &loop, 1);
		span_ns = row_of(1, WINDOW_RECENT)->span_ns;
		assert_in_range(span_ns, 5 * S, 10 * S);
	}
	assert_about(stalled(1, WINDOW_RECENT), 0, 0.01);
	assert_int_equal(row_of(1, WINDOW_RECENT)->longest_ns, 0);
	assert_int_equal(row_of(1, WINDOW_START)->longest_ns, 500 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_share_of_an_interval),
		TEST(test_stall_across_refreshes),
		TEST(test_short_stall_across_a_refresh),
		TEST(test_end_comes_late),
		TEST(test_before_attach),
		TEST(test_causes),
		TEST(test_turns),
		TEST(test_recent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
