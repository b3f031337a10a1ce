// SPDX-License-Identifier: GPL-2.0-or-later
/* detail.c - what the page of one loop shows. */
#include "top/detail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "text/home_words.h"
#include "text/stall_text.h"
#include "text/words.h"

#define LABEL_COLUMNS 16
#define CELL_COLUMNS  15
#define CELL_BYTES    64

const char *detail_window(enum board_window window)
{
	static const char *const names[] = {
		[WINDOW_RECENT] = "last 10 s",
		[WINDOW_INTERVAL] = "last second",
		[WINDOW_START] = "since start",
	};

	return names[window];
}

/* In the order of their length. */
static const enum board_window shown[] = { WINDOW_INTERVAL, WINDOW_RECENT, WINDOW_START };

typedef void cell_fn(const struct board_row *row, char text[CELL_BYTES]);

static void stalled_cell(const struct board_row *row, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, "%.1f%%", board_share(row, row->stalled_ns));
}

static void longest_cell(const struct board_row *row, char text[CELL_BYTES])
{
	words_duration(row->longest_ns, text);
}

static void p99_cell(const struct board_row *row, char text[CELL_BYTES])
{
	words_duration(row->p99_ns, text);
}

static void turns_cell(const struct board_row *row, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, "%.1f",
		 row->span_ns ? (double)NS_PER_SEC * (double)row->turns / (double)row->span_ns : 0);
}

static void stalls_cell(const struct board_row *row, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, "%" PRIu64, row->stalls);
}

static void events_cell(const struct board_row *row, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, "%" PRIu64, row->delayed_events);
}

static void idle_cell(const struct board_row *row, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, "%.1f%%", board_share(row, row->idle_ns));
}

static const struct {
	const char *label;
	cell_fn *fill;
} figures[] = {
	{ "stalled", stalled_cell },  { "longest turn", longest_cell },
	{ "99% of turns", p99_cell }, { "turns a second", turns_cell },
	{ "stalls", stalls_cell },    { "events delayed", events_cell },
	{ "idle", idle_cell },
};

static int add_figures(struct lines *lines, const struct board_row rows[WINDOW_NR])
{
	char cells[3][CELL_BYTES];
	int err = lines_addf(lines, LINE_HEAD, "%-*s%*s%*s%*s", LABEL_COLUMNS, "", CELL_COLUMNS,
			     detail_window(shown[0]), CELL_COLUMNS, detail_window(shown[1]),
			     CELL_COLUMNS, detail_window(shown[2]));

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && !err; i++) {
		for (size_t k = 0; k < 3; k++)
			figures[i].fill(&rows[shown[k]], cells[k]);
		err = lines_addf(lines, LINE_PLAIN, "%-*s%*s%*s%*s", LABEL_COLUMNS,
				 figures[i].label, CELL_COLUMNS, cells[0], CELL_COLUMNS, cells[1],
				 CELL_COLUMNS, cells[2]);
	}
	return err;
}

/* The ledger by cause, as shares of the windows. */
static int add_causes(struct lines *lines, const struct board_row rows[WINDOW_NR])
{
	enum cause causes[CAUSE_NR];
	size_t nr = board_causes(&rows[WINDOW_START], causes);
	char cells[3][CELL_BYTES];
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++) {
		for (size_t k = 0; k < 3; k++) {
			const struct board_row *row = &rows[shown[k]];

			snprintf(cells[k], CELL_BYTES, "%.1f%%",
				 board_share(row, row->causes_ns[causes[i]]));
		}
		/* it would read 0.0% */
		if (board_share(&rows[WINDOW_START], rows[WINDOW_START].causes_ns[causes[i]]) <
		    0.05)
			break;
		err = lines_addf(lines, LINE_PLAIN, "  %-*s%*s%*s%*s", LABEL_COLUMNS - 2,
				 cause_name(causes[i]), CELL_COLUMNS, cells[0], CELL_COLUMNS,
				 cells[1], CELL_COLUMNS, cells[2]);
	}
	return err;
}

static void count_words(int64_t count, bool grows, const char *what, char text[CELL_BYTES])
{
	if (count < 0)
		text[0] = '\0';
	else
		snprintf(text, CELL_BYTES, ", %" PRId64 " %s%s%s", count, what,
			 count == 1 ? "" : "s", grows ? " (growing)" : "");
}

static int add_head(struct lines *lines, const struct board_row *row)
{
	__freeing char *thread = words_thread(row->id.comm, row->id.pid, row->id.tid);
	__freeing char *runtime = escape_text(row->id.runtime ? row->id.runtime : "");
	__freeing char *home = home_words(row->home);
	char tasks[CELL_BYTES], threads[CELL_BYTES];

	if (!thread || !runtime || !home)
		return -ENOMEM;
	count_words(row->tasks, row->tasks_grow, "task", tasks);
	count_words(row->threads, row->threads_grow, "thread", threads);
	return lines_addf(lines, LINE_HEAD, "%s %s%s%s%s%s%s", thread, runtime, *home ? ", " : "",
			  home, row->ended ? ", ended" : "", tasks, threads);
}

/* Its first line is the verdict. */
static int add_stall(struct lines *lines, const struct stall_record *stall, const struct look *look)
{
	char *text = NULL, *rest;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return -ENOMEM;
	err = stall_print(out, stall, look);
	if (fclose(out))
		err = -ENOMEM;
	if (!err) {
		rest = strchr(text, '\n');
		if (rest)
			*rest++ = '\0';
		err = lines_add(lines, text, LINE_ALARM);
		if (!err && rest && *rest)
			err = lines_add(lines, rest, LINE_PLAIN);
	}
	free(text);
	return err;
}

int detail_lines(struct lines *lines, const struct board_row rows[WINDOW_NR],
		 const struct history *history, const struct look *look)
{
	size_t nr = history ? history->nr : 0;
	int err = add_head(lines, &rows[WINDOW_START]);

	if (!err)
		err = add_figures(lines, rows);
	if (!err)
		err = add_causes(lines, rows);
	if (!err)
		err = lines_add(lines, "", LINE_PLAIN);
	if (!err)
		err = lines_addf(lines, LINE_HEAD,
				 nr ? "last stalls, the latest first" : "no stall yet");
	for (size_t i = nr; i-- > 0 && !err;)
		err = add_stall(lines, &history->v[i], look);
	return err;
}
