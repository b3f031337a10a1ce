/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures that `top` shows: shares, windows, order, what keeps growing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "top/board.h"

#define MS	  1000000ull
#define S	  1000000000ull
#define THRESHOLD (100 * MS)
#define START	  (1000 * S)
#define PID	  4242

/* A loop as a test moves it on. */
struct fake_loop {
	struct thread_id id;
	struct engine_loop stand;
};

static struct board *board;
static uint64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	now_ns = START;
	return board_new(&board, THRESHOLD, START);
}

static int tear_down(void **state)
{
	(void)state;
	board_free(board);
	return 0;
}

static void init(struct fake_loop *loop, uint64_t number, pid_t tid, const char *comm)
{
	memset(loop, 0, sizeof(*loop));
	loop->id.pid = PID;
	loop->id.tid = tid;
	loop->id.runtime = (char *)"asyncio";
	snprintf(loop->id.comm, sizeof(loop->id.comm), "%s", comm);
	loop->stand.id = &loop->id;
	loop->stand.number = number;
}

/* So many turns of ns each, no longer than the threshold. */
static void turns(struct fake_loop *loop, unsigned int nr, uint64_t ns)
{
	unsigned int bucket = 0;

	/* 8 steps an octave: bpf/turn.h */
	for (uint64_t rest = ns; rest >= 16; rest >>= 1)
		bucket += 8;
	bucket += ns >> (bucket / 8);
	loop->stand.hist[bucket] += nr;
	loop->stand.turns += nr;
	if (ns > loop->stand.longest_ns)
		loop->stand.longest_ns = ns;
}

/* One refresh after ns, at which these loops are there. */
static void refresh(uint64_t ns, struct fake_loop *loops, size_t nr)
{
	now_ns += ns;
	board_begin(board, now_ns);
	for (size_t i = 0; i < nr; i++) {
		loops[i].stand.now_ns = now_ns;
		loops[i].stand.wall_ns += ns;
		board_loop(board, &loops[i].stand);
	}
	board_end(board);
}

static void stall(struct fake_loop *loop, uint64_t seq, uint64_t start_ns, uint64_t ns,
		  bool ongoing)
{
	struct stall_record record = {
		.mono_ns = start_ns,
		.duration_ns = ns,
		.ongoing = ongoing,
		.id = loop->id,
		.delayed_events = ongoing ? -1 : 7,
		.ledger = { .cpu_ns = ns / 4, .blocked_ns = ns - ns / 4 },
		.cause = CAUSE_SLEEP,
	};
	struct slice slices[] = {
		{ .cause = CAUSE_SLEEP, .ns = ns - ns / 4 },
		{ .cause = CAUSE_CPU, .ns = ns / 4 },
	};

	record.slices = (struct slices){ .v = slices, .nr = 2, .capacity = 2 };
	snprintf(record.turn, sizeof(record.turn), "%d-%llu", loop->id.tid,
		 (unsigned long long)seq);
	if (ongoing) {
		loop->stand.turn_seq = seq;
	} else {
		loop->stand.turn_seq = 0;
		loop->stand.turns++;
		if (ns > loop->stand.longest_ns)
			loop->stand.longest_ns = ns;
	}
	board_stall(board, &record);
}

static size_t sort(enum board_window window, enum board_column column, bool reversed,
		   const struct board_row **rows)
{
	const struct board_order order = { window, column, reversed };
	struct board_rows sorted = board_sorted(board, &order);

	*rows = sorted.v;
	return sorted.nr;
}

static const struct board_row *row_of(uint64_t number, enum board_window window)
{
	const struct board_row *rows;
	size_t nr = sort(window, COLUMN_STALLED, false, &rows);

	for (size_t i = 0; i < nr; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static void assert_about(double a, double b, double within)
{
	if (a < b - within || a > b + within)
		fail_msg("%f is not %f", a, b);
}

static double stalled(uint64_t number, enum board_window window)
{
	const struct board_row *row = row_of(number, window);

	assert_non_null(row);
	return board_share(row, row->stalled_ns);
}

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
	/* one that is never told of again was none */
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

static void test_order(void **state)
{
	static const char *const names[] = { "b", "c", "a" };
	struct fake_loop loops[3];
	const struct board_row *rows;

	(void)state;
	for (int i = 0; i < 3; i++)
		init(&loops[i], i + 1, PID + i, names[i]);
	refresh(S, loops, 3);
	turns(&loops[0], 100, 90 * MS);
	turns(&loops[2], 500, 1 * MS);
	stall(&loops[1], 2, now_ns, 200 * MS, false);
	stall(&loops[2], 2, now_ns, 300 * MS, false);
	refresh(S, loops, 3);
	assert_int_equal(sort(WINDOW_RECENT, COLUMN_STALLED, false, &rows), 3);
	assert_int_equal(rows[0].number, 3);
	assert_int_equal(rows[1].number, 2);
	assert_int_equal(rows[2].number, 1);
	sort(WINDOW_RECENT, COLUMN_STALLED, true, &rows);
	assert_int_equal(rows[0].number, 1);
	sort(WINDOW_RECENT, COLUMN_LOOP, false, &rows);
	assert_int_equal(rows[0].number, 3);
	assert_int_equal(rows[1].number, 1);
	sort(WINDOW_RECENT, COLUMN_TURNS, false, &rows);
	assert_int_equal(rows[0].number, 3);
	assert_int_equal(rows[1].number, 1);
	sort(WINDOW_RECENT, COLUMN_LONGEST, false, &rows);
	assert_int_equal(rows[0].number, 3);
	assert_int_equal(rows[2].number, 1);
	sort(WINDOW_RECENT, COLUMN_P99, false, &rows);
	assert_int_equal(rows[0].number, 1);
	refresh(S, loops, 2); /* the worst has ended */
	sort(WINDOW_RECENT, COLUMN_STALLED, false, &rows);
	assert_int_equal(rows[0].number, 2);
	assert_int_equal(rows[2].number, 3);
	sort(WINDOW_RECENT, COLUMN_STALLED, true, &rows);
	assert_int_equal(rows[2].number, 3);
}

static void test_ended(void **state)
{
	struct fake_loop loop;
	const struct board_row *rows;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	stall(&loop, 2, now_ns, 500 * MS, false);
	refresh(S, &loop, 0);
	assert_true(row_of(1, WINDOW_START)->ended);
	assert_about(stalled(1, WINDOW_INTERVAL), 50, 0.01);
	assert_int_equal(board_history(board, 1)->nr, 1);
	for (int i = 0; i < 40; i++)
		refresh(S, &loop, 0);
	assert_null(row_of(1, WINDOW_START));
	assert_null(board_history(board, 1));
	assert_int_equal(sort(WINDOW_START, COLUMN_STALLED, false, &rows), 0);
}

/* A thread number that is used again is another loop. */
static void test_number_used_again(void **state)
{
	struct fake_loop loops[2];
	const struct board_row *rows;

	(void)state;
	init(&loops[0], 1, PID, "old");
	init(&loops[1], 2, PID, "new");
	refresh(S, loops, 1);
	stall(&loops[0], 2, now_ns, 500 * MS, false);
	refresh(S, loops + 1, 1);
	assert_int_equal(sort(WINDOW_START, COLUMN_STALLED, false, &rows), 2);
	assert_about(stalled(2, WINDOW_START), 0, 0.01);
	stall(&loops[1], 2, now_ns, 500 * MS, false);
	refresh(S, loops + 1, 1);
	assert_int_equal(row_of(1, WINDOW_START)->stalls, 1);
	assert_int_equal(row_of(2, WINDOW_START)->stalls, 1);
}

/* A loop whose stall is told of before it was seen, or that was gone by then. */
static void test_stall_of_an_unseen_loop(void **state)
{
	struct fake_loop loops[2];
	const struct board_row *rows;

	(void)state;
	init(&loops[0], 1, PID, "late");
	init(&loops[1], 2, PID + 1, "gone");
	refresh(S, loops, 0);
	stall(&loops[0], 2, now_ns, 500 * MS, false);
	stall(&loops[1], 2, now_ns, 250 * MS, false);
	refresh(S, loops, 1);
	assert_int_equal(sort(WINDOW_INTERVAL, COLUMN_STALLED, false, &rows), 2);
	assert_int_equal(rows[0].number, 1);
	assert_false(rows[0].ended);
	assert_true(rows[1].ended);
	assert_about(board_share(&rows[0], rows[0].stalled_ns), 50, 0.01);
	assert_about(board_share(&rows[1], rows[1].stalled_ns), 25, 0.01);
	/* what blocked a loop is known by the loop, and by its stalls only where there is none */
	assert_int_equal(rows[0].causes_ns[CAUSE_SLEEP], 0);
	assert_int_equal(rows[0].causes_ns[CAUSE_CPU], 125 * MS);
	assert_int_equal(rows[1].causes_ns[CAUSE_SLEEP], 250 * MS - 250 * MS / 4);
	assert_int_equal(rows[1].causes_ns[CAUSE_CPU], 250 * MS / 4);
	assert_int_equal(board_history(board, 1)->nr, 1);
}

static void test_history(void **state)
{
	struct fake_loop loop;
	const struct history *history;

	(void)state;
	init(&loop, 1, PID, "python3");
	refresh(S, &loop, 1);
	for (uint64_t seq = 1; seq <= HISTORY_STALLS + 5; seq++) {
		stall(&loop, seq, now_ns, 200 * MS, true);
		stall(&loop, seq, now_ns, 1200 * MS, true);
		stall(&loop, seq, now_ns, (1300 + seq) * MS, false);
	}
	history = board_history(board, 1);
	assert_int_equal(history->nr, HISTORY_STALLS);
	assert_int_equal(history->v[0].duration_ns, 1306 * MS);
	assert_int_equal(history->v[HISTORY_STALLS - 1].duration_ns,
			 (1300 + HISTORY_STALLS + 5) * MS);
	assert_false(history->v[0].ongoing);
}

/* Many loops with many stalls each: each keeps its last ones. */
static void test_histories_are_bounded(void **state)
{
	struct fake_loop loop;
	size_t kept = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		init(&loop, i + 1, PID + i, "python3");
		for (uint64_t seq = 1; seq <= HISTORY_STALLS; seq++)
			stall(&loop, seq, START, 200 * MS, false);
		refresh(0, &loop, 1);
	}
	for (int i = 0; i < 300; i++) {
		const struct history *history = board_history(board, i + 1);

		if (!history)
			continue;
		assert_true(history->nr > 0);
		kept += history->nr;
	}
	assert_in_range(kept, 600, 2600);
}

struct counts {
	unsigned int asked;
	int64_t threads;
};

static void count(void *context, pid_t pid, struct board_census *out)
{
	struct counts *counts = context;

	counts->asked++;
	out->threads = counts->threads;
	out->tasks = pid == PID ? 100 : -1;
}

static void test_census(void **state)
{
	struct counts counts = { .threads = 4 };
	struct fake_loop loops[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		init(&loops[i], i + 1, PID + i, "python3");
	loops[2].id.pid = loops[1].id.pid = PID + 1;
	for (int i = 0; i < 40; i++) {
		counts.threads += 3 * (i % 2);
		refresh(S, loops, 3);
		board_ask(board, count, &counts, 10);
	}
	assert_int_equal(counts.asked, 80); /* two processes */
	assert_int_equal(row_of(1, WINDOW_START)->tasks, 100);
	assert_int_equal(row_of(2, WINDOW_START)->tasks, -1);
	assert_int_equal(row_of(3, WINDOW_START)->threads, 64);
	assert_true(row_of(1, WINDOW_START)->threads_grow);
	assert_false(row_of(1, WINDOW_START)->tasks_grow);
	/* no more than max at a time, in turn */
	counts.asked = 0;
	board_ask(board, count, &counts, 1);
	assert_int_equal(counts.asked, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_share_of_an_interval),
		TEST(test_stall_across_refreshes),
		TEST(test_short_stall_across_a_refresh),
		TEST(test_end_comes_late),
		TEST(test_before_attach),
		TEST(test_causes),
		TEST(test_turns),
		TEST(test_recent),
		TEST(test_order),
		TEST(test_ended),
		TEST(test_number_used_again),
		TEST(test_stall_of_an_unseen_loop),
		TEST(test_history),
		TEST(test_histories_are_bounded),
		TEST(test_census),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
