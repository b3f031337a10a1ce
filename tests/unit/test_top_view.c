// SPDX-License-Identifier: GPL-2.0-or-later
/* What is on top's screen, without one: keys, columns, the detail view, standard error kept apart. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/escape.h"
#include "top/columns.h"
#include "top/detail.h"
#include "top/keys.h"
#include "top/notes.h"
#include "top/view.h"

#define MS 1000000ull
#define S  1000000000ull

#define ROWS 30

static struct board_row rows[ROWS];

static void number_rows(void)
{
	for (size_t i = 0; i < ROWS; i++)
		rows[i] = (struct board_row){ .number = 100 + i };
}

static void act(struct view *view, int action)
{
	const struct view_content content = { { rows, ROWS }, 50, 10 };

	view_act(view, action, &content);
}

static void follow(struct view *view, size_t nr, size_t height)
{
	const struct board_rows some = { rows, nr };

	view_follow(view, &some, height);
}

static void test_moving(void **state)
{
	struct view view = { 0 };

	(void)state;
	number_rows();
	act(&view, ACTION_UP);
	assert_int_equal(view.selected, 0);
	for (int i = 0; i < 12; i++)
		act(&view, ACTION_DOWN);
	assert_int_equal(view.selected, 12);
	assert_int_equal(view.first, 3);
	assert_int_equal(view.number, 112);
	act(&view, ACTION_PAGE_DOWN);
	assert_int_equal(view.selected, 21);
	act(&view, ACTION_END);
	assert_int_equal(view.selected, ROWS - 1);
	assert_int_equal(view.first, ROWS - 10);
	act(&view, ACTION_DOWN);
	assert_int_equal(view.selected, ROWS - 1);
	act(&view, ACTION_PAGE_UP);
	assert_int_equal(view.selected, ROWS - 10);
	act(&view, ACTION_HOME);
	assert_int_equal(view.selected, 0);
	assert_int_equal(view.first, 0);
	assert_int_equal(view.number, 0);
}

/* Who has chosen a loop keeps it; who is at the top stays there. */
static void test_following(void **state)
{
	static const struct view_content nothing;
	struct view view = { 0 };
	struct board_row other;

	(void)state;
	number_rows();
	follow(&view, ROWS, 10);
	assert_int_equal(view.selected, 0);
	act(&view, ACTION_DOWN);
	other = rows[1];
	rows[1] = rows[25];
	rows[25] = other;
	follow(&view, ROWS, 10);
	assert_int_equal(view.selected, 25);
	assert_int_equal(view.first, 16);
	follow(&view, ROWS, 4); /* a smaller screen */
	assert_int_equal(view.first, 22);
	follow(&view, 20, 4); /* it is gone */
	assert_int_equal(view.selected, 19);
	follow(&view, 0, 4);
	assert_int_equal(view.selected, 0);
	assert_int_equal(view.first, 0);
	view_follow(&view, &nothing.rows, 0);
	view_act(&view, ACTION_DOWN, &nothing);
	view_act(&view, ACTION_ENTER, &nothing);
	assert_int_equal(view.page, PAGE_LIST);
}

static void test_pages(void **state)
{
	struct view view = { 0 };

	(void)state;
	number_rows();
	act(&view, ACTION_ENTER);
	assert_int_equal(view.page, PAGE_DETAIL);
	assert_int_equal(view.number, 100);
	act(&view, ACTION_DOWN);
	act(&view, ACTION_PAGE_DOWN);
	assert_int_equal(view.scroll, 10);
	act(&view, ACTION_END);
	assert_int_equal(view.scroll, 40); /* 50 lines, 10 on the screen */
	act(&view, ACTION_HELP);
	assert_int_equal(view.page, PAGE_HELP);
	assert_int_equal(view.scroll, 0);
	act(&view, ACTION_BACK);
	assert_int_equal(view.page, PAGE_DETAIL);
	act(&view, ACTION_BACK);
	assert_int_equal(view.page, PAGE_LIST);
	assert_false(view.quit);
	act(&view, ACTION_BACK);
	assert_true(view.quit);
}

static void test_sorting(void **state)
{
	struct view view = { 0 };

	(void)state;
	act(&view, keys_action('4'));
	assert_int_equal(view.order.column, COLUMN_LONGEST);
	assert_false(view.order.reversed);
	act(&view, keys_action('4'));
	assert_true(view.order.reversed);
	act(&view, keys_action('s'));
	assert_int_equal(view.order.column, COLUMN_P99);
	assert_false(view.order.reversed);
	act(&view, keys_action('<'));
	act(&view, keys_action('<'));
	assert_int_equal(view.order.column, COLUMN_CAUSE);
	act(&view, keys_action('1'));
	act(&view, keys_action('<'));
	assert_int_equal(view.order.column, COLUMN_THREADS);
	act(&view, keys_action('w'));
	assert_int_equal(view.order.window, WINDOW_INTERVAL);
	act(&view, keys_action('p'));
	assert_true(view.paused);
	assert_int_equal(keys_action('0'), ACTION_NONE);
	assert_int_equal(keys_action(-1), ACTION_NONE);
}

static void check_cells(const struct board_row *row, unsigned int columns)
{
	struct column_places places = columns_fit(columns);
	unsigned int end = 0;

	for (size_t i = 0; i < places.nr; i++) {
		char *cell = columns_cell(row, places.v[i].column, places.v[i].width);

		assert_non_null(cell);
		assert_int_equal(text_width(cell), places.v[i].width);
		assert_true(strlen(columns_title(places.v[i].column)) <= places.v[i].width);
		assert_true(i == 0 || places.v[i].x > end - 1);
		end = places.v[i].x + places.v[i].width;
		for (const char *at = cell; *at; at++)
			assert_true((unsigned char)*at >= ' ' && *at != 127);
		free(cell);
	}
	assert_true(end <= columns);
}

static void test_columns_fit(void **state)
{
	struct board_row row = {
		.id = { .pid = 4194303,
			.tid = 4194304,
			.comm = "\033[2J\xe2\x82\xac\xff\nx",
			.runtime = (char *)"\033]0;x\a" },
		.span_ns = 10 * S,
		.stalled_ns = 10 * S,
		.longest_ns = 3599 * S,
		.p99_ns = 86399 * S,
		.turns = 98765432100,
		.delayed_events = UINT64_MAX,
		.tasks = INT64_MAX,
		.threads = 99999,
		.tasks_grow = true,
		.threads_grow = true,
		.stalled = true,
	};

	(void)state;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		row.causes_ns[cause] = UINT64_MAX / 2 - cause;
	for (unsigned int columns = 0; columns < 300; columns++)
		check_cells(&row, columns);
	assert_int_equal(columns_fit(80).nr, COLUMN_NR);
	assert_int_equal(columns_fit(40).nr, 4);
	assert_int_equal(columns_fit(20).nr, 2);
}

static void assert_cell(const struct board_row *row, enum board_column column, unsigned int width,
			const char *expected)
{
	char *cell = columns_cell(row, column, width);

	assert_non_null(cell);
	assert_string_equal(cell, expected);
	free(cell);
}

static void test_cells(void **state)
{
	struct board_row row = {
		.id = { .pid = 812, .tid = 812, .comm = "python3", .runtime = (char *)"asyncio" },
		.span_ns = 10 * S,
		.stalled_ns = 3412 * MS,
		.longest_ns = 401 * MS,
		.p99_ns = 750 * S,
		.turns = 123456,
		.delayed_events = 214,
		.tasks = -1,
		.threads = 12,
		.threads_grow = true,
	};

	(void)state;
	row.causes_ns[CAUSE_SOCKET] = 3200 * MS;
	row.causes_ns[CAUSE_CPU] = 212 * MS;
	assert_cell(&row, COLUMN_STALLED, 5, "   34");
	row.stalled = true;
	row.stalled_ns = 312 * MS;
	assert_cell(&row, COLUMN_STALLED, 5, " !3.1");
	assert_cell(&row, COLUMN_LOOP, 22, "python3[812] asyncio  ");
	assert_cell(&row, COLUMN_LOOP, 14, "python3[812]  ");
	assert_cell(&row, COLUMN_LOOP, 11, "pyt...[812]");
	assert_cell(&row, COLUMN_LOOP, 5, "py...");
	row.id.tid = 815;
	assert_cell(&row, COLUMN_LOOP, 14, "py...[812/815]");
	row.id.tid = 812;
	assert_cell(&row, COLUMN_CAUSE, 22, "socket 32%, cpu 2.1%  ");
	assert_cell(&row, COLUMN_CAUSE, 11, "socket 32% ");
	assert_cell(&row, COLUMN_CAUSE, 8, "socket  ");
	assert_cell(&row, COLUMN_LONGEST, 7, " 401 ms");
	assert_cell(&row, COLUMN_P99, 7, " 12 min");
	assert_cell(&row, COLUMN_P99, 8, "12min30s");
	assert_cell(&row, COLUMN_TURNS, 6, " 12.3k");
	assert_cell(&row, COLUMN_EVENTS, 6, "   214");
	assert_cell(&row, COLUMN_TASKS, 5, "    -");
	assert_cell(&row, COLUMN_THREADS, 4, " 12+");
}

static bool has_line(const struct lines *lines, const char *part)
{
	for (size_t i = 0; i < lines->nr; i++)
		if (strstr(lines->v[i].text, part))
			return true;
	return false;
}

static void test_detail(void **state)
{
	struct frame frames[] = {
		{ .kind = FRAME_PYTHON, .fn = "fetch\033[1m", .file = "/app/bad.py", .line = 3 }
	};
	struct slice slice = { .cause = CAUSE_SLEEP, .ns = 300 * MS, .count = 1 };
	struct stall_record stall = {
		.mono_ns = 5 * S,
		.turn = "812-7",
		.id = { .pid = 812, .tid = 812, .comm = "python3", .runtime = (char *)"asyncio" },
		.duration_ns = 301 * MS,
		.delayed_events = 3,
		.ledger = { .cpu_ns = MS, .blocked_ns = 300 * MS },
		.cause = CAUSE_SLEEP,
	};
	struct board_row shown[WINDOW_NR] = { { 0 } };
	struct look look = { .columns = 60 };
	struct history history = { 0 };
	struct lines lines = { 0 };

	(void)state;
	for (int i = 0; i < WINDOW_NR; i++) {
		shown[i].id = stall.id;
		shown[i].span_ns = S;
		shown[i].stalled_ns = 301 * MS;
		shown[i].causes_ns[CAUSE_SLEEP] = 300 * MS;
		shown[i].threads = 4;
		shown[i].threads_grow = true;
		shown[i].tasks = -1;
	}
	assert_int_equal(detail_lines(&lines, shown, NULL, &look), 0);
	assert_true(has_line(&lines, "no stall yet"));
	lines_free(&lines);
	slice.stack = stack_new(frames, 1, false);
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	history_add(&history, &stall);
	assert_int_equal(detail_lines(&lines, shown, &history, &look), 0);
	assert_true(has_line(&lines, "python3[812] asyncio, 4 threads (growing)"));
	assert_true(has_line(&lines, "30.1%"));
	assert_true(has_line(&lines, "  sleep"));
	assert_true(has_line(&lines, "301 ms in fetch\\x1b[1m (app/bad.py:3): sleep"));
	assert_true(has_line(&lines, "delayed 3 events"));
	for (size_t i = 0; i < lines.nr; i++)
		assert_null(strpbrk(lines.v[i].text, "\033\n"));
	lines_free(&lines);
	history_free(&history);
	slices_free(&stall.slices);
}

static void test_lines(void **state)
{
	struct lines lines = { 0 };

	(void)state;
	assert_int_equal(lines_add(&lines, "", LINE_PLAIN), 0);
	assert_int_equal(lines_add(&lines, "a\nb\n", LINE_HEAD), 0);
	assert_int_equal(lines_addf(&lines, LINE_ALARM, "%d\n\n%d", 1, 2), 0);
	assert_int_equal(lines.nr, 6);
	assert_string_equal(lines.v[2].text, "b");
	assert_string_equal(lines.v[4].text, "");
	assert_string_equal(lines.v[5].text, "2");
	lines_free(&lines);
	assert_int_equal(keys_help(&lines), 0);
	for (size_t i = 0; i < lines.nr; i++)
		assert_true(text_width(lines.v[i].text) <= 80);
	lines_free(&lines);
}

static void test_notes(void **state)
{
	char text[32] = "", flood[4096];
	struct notes *notes;
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	assert_int_equal(notes_divert(&notes), 0);
	assert_null(notes_read(notes));
	/* far more than is kept, and than a pipe takes */
	memset(flood, 'x', sizeof(flood));
	flood[sizeof(flood) - 1] = '\n';
	for (int i = 0; i < 64; i++) {
		if (write(STDERR_FILENO, flood, sizeof(flood)) < 0)
			break;
		notes_read(notes);
	}
	assert_int_equal(write(STDERR_FILENO, "one\ntwo\033\npart", 13), 13);
	assert_string_equal(notes_read(notes), "two\\x1b");
	assert_null(notes_read(notes));
	close(fds[1]);
	/* the pipe of this test holds less than what was kept */
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	notes_restore(notes);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	assert_int_equal(notes_divert(&notes), 0);
	assert_int_equal(write(STDERR_FILENO, "printed later\n", 14), 14);
	notes_restore(notes);
	n = read(fds[0], text, sizeof(text) - 1);
	dup2(saved, STDERR_FILENO);
	assert_int_equal(n, 14);
	assert_string_equal(text, "printed later\n");
	close(fds[0]);
	close(fds[1]);
	close(saved);
	notes_restore(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),	    cmocka_unit_test(test_following),
		cmocka_unit_test(test_pages),	    cmocka_unit_test(test_sorting),
		cmocka_unit_test(test_columns_fit), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_detail),	    cmocka_unit_test(test_lines),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
