// SPDX-License-Identifier: GPL-2.0-or-later
/* rows.c - what a row says of one window, and the order of rows. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/hist.h"
#include "top/board_private.h"

double board_share(const struct board_row *row, uint64_t ns)
{
	double share = row->span_ns ? 100.0 * (double)ns / (double)row->span_ns : 0;

	return share > 100 ? 100 : share;
}

size_t board_causes(const struct board_row *row, enum cause causes[CAUSE_NR])
{
	size_t nr = 0;

	for (int cause = 0; cause < CAUSE_NR; cause++) {
		size_t at = nr;

		if (!row->causes_ns[cause])
			continue;
		for (; at && row->causes_ns[causes[at - 1]] < row->causes_ns[cause]; at--)
			causes[at] = causes[at - 1];
		causes[at] = (enum cause)cause;
		nr++;
	}
	return nr;
}

static void fill(struct board_row *row, const struct entry *entry, enum board_window window)
{
	static const struct mark none;
	const struct mark *now = &entry->now, *base = &none;
	unsigned int hist[HIST_BUCKETS];

	if (window != WINDOW_START)
		base = &entry->bases[window == WINDOW_RECENT ? BASE_RECENT : BASE_INTERVAL];
	*row = (struct board_row){
		.number = entry->number,
		.id = entry->id,
		.stalled = entry->ongoing_seq != 0,
		.ended = entry->ended_ns != 0,
		.span_ns = subtract_saturated(now->time_ns, window == WINDOW_START ? entry->since_ns
										   : base->time_ns),
		.stalled_ns = subtract_saturated(now->stalled_ns, base->stalled_ns),
		.idle_ns = subtract_saturated(now->idle_ns, base->idle_ns),
		.turns = subtract_saturated(now->turns, base->turns),
		.stalls = subtract_saturated(now->stalls, base->stalls),
		.longest_ns = window == WINDOW_START ? entry->longest_ns : base->longest_ns,
		.delayed_events = subtract_saturated(now->delayed_events, base->delayed_events),
		.tasks = entry->tasks,
		.threads = entry->threads,
		.tasks_grow = leak_is_one(&entry->tasks_leak),
		.threads_grow = leak_is_one(&entry->threads_leak),
	};
	row->id.runtime = entry->runtime;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		row->causes_ns[cause] = subtract_saturated(
			now->causes_ns[cause],
			window == WINDOW_START ? entry->before_ns[cause] : base->causes_ns[cause]);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		hist[i] = now->hist[i] - base->hist[i];
	row->p99_ns = hist_percentile_ns(hist, 99);
	if (row->p99_ns > row->longest_ns)
		row->p99_ns = row->longest_ns;
}

/* -- order -- */

static uint64_t lost_ns(const struct board_row *row)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < CAUSE_NR; cause++)
		sum += row->causes_ns[cause];
	return sum;
}

static int by_name(const struct board_row *a, const struct board_row *b)
{
	int order = strncmp(a->id.comm, b->id.comm, sizeof(a->id.comm));

	return order ? order : (a->id.tid > b->id.tid) - (a->id.tid < b->id.tid);
}

static int largest_first(double a, double b)
{
	return a > b ? -1 : a < b;
}

static double rate(const struct board_row *row)
{
	return row->span_ns ? (double)row->turns / (double)row->span_ns : 0;
}

static int by_column(const struct board_row *a, const struct board_row *b, enum board_column column)
{
	switch (column) {
	case COLUMN_STALLED:
		return largest_first(board_share(a, a->stalled_ns), board_share(b, b->stalled_ns));
	case COLUMN_LOOP:
		return by_name(a, b);
	case COLUMN_CAUSE:
		return largest_first(board_share(a, lost_ns(a)), board_share(b, lost_ns(b)));
	case COLUMN_LONGEST:
		return largest_first(a->longest_ns, b->longest_ns);
	case COLUMN_P99:
		return largest_first(a->p99_ns, b->p99_ns);
	case COLUMN_TURNS:
		return largest_first(rate(a), rate(b));
	case COLUMN_EVENTS:
		return largest_first(a->delayed_events, b->delayed_events);
	case COLUMN_TASKS:
		return largest_first(a->tasks, b->tasks);
	case COLUMN_THREADS:
		return largest_first(a->threads, b->threads);
	case COLUMN_NR:
		break;
	}
	return 0;
}

static int compare(const void *left, const void *right, void *context)
{
	static const enum board_column then[] = { COLUMN_STALLED, COLUMN_CAUSE, COLUMN_LONGEST,
						  COLUMN_LOOP };
	const struct board_order *order = context;
	const struct board_row *a = left, *b = right;
	int found = by_column(a, b, order->column);

	/* loops that are still there come first in any order */
	if (a->ended != b->ended)
		return a->ended ? 1 : -1;
	if (order->reversed)
		found = -found;
	for (size_t i = 0; i < sizeof(then) / sizeof(then[0]) && !found; i++)
		found = by_column(a, b, then[i]);
	return found;
}

struct board_rows board_sorted(struct board *board, const struct board_order *order)
{
	struct board_order copy = *order;

	if (board->nr > board->rows_room) {
		struct board_row *grown = realloc(board->rows, board->nr * sizeof(*grown));

		if (!grown)
			return (struct board_rows){ 0 };
		board->rows = grown;
		board->rows_room = board->nr;
	}
	for (size_t i = 0; i < board->nr; i++)
		fill(&board->rows[i], board->entries[i], order->window);
	if (board->nr)
		qsort_r(board->rows, board->nr, sizeof(board->rows[0]), compare, &copy);
	return (struct board_rows){ board->rows, board->nr };
}

bool board_row(const struct board *board, uint64_t number, enum board_window window,
	       struct board_row *row)
{
	for (size_t i = 0; i < board->nr; i++)
		if (board->entries[i]->number == number) {
			fill(row, board->entries[i], window);
			row->home = where_of(board->where, row->id.pid);
			return true;
		}
	return false;
}
