// SPDX-License-Identifier: GPL-2.0-or-later
/* Which loops `top` shows, in which order, what it keeps of their stalls, and which of them leak. */
#include "board_fixture.h"

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

/* A loop whose stall is reported before it was seen, or that was gone by then. */
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
	const struct CMUnitTest tests[] = {
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
