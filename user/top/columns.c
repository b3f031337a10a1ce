// SPDX-License-Identifier: GPL-2.0-or-later
/* columns.c - how wide columns are, which give way, and how figures are shortened. */
#include "top/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "text/words.h"

#define CELL_BYTES 64 /* of a figure */
#define LOOP_WIDE  22 /* "python3[21598] asyncio" */
#define CAUSE_WIDE 28
#define LOOP_WIDER 48

static const struct {
	const char *title;
	unsigned int width; /* at the least */
	bool figures;
} about[] = {
	[COLUMN_STALLED] = { "STALL", 5, true },  [COLUMN_LOOP] = { "LOOP", 13, false },
	[COLUMN_CAUSE] = { "CAUSES", 11, false }, [COLUMN_LONGEST] = { "LONGEST", 7, true },
	[COLUMN_P99] = { "P99", 6, true },	  [COLUMN_TURNS] = { "TURN/s", 6, true },
	[COLUMN_EVENTS] = { "EVENTS", 6, true },  [COLUMN_TASKS] = { "TASKS", 5, true },
	[COLUMN_THREADS] = { "THR", 4, true },
};

/* Where not all fit, the first of these do. */
static const enum board_column by_worth[] = {
	COLUMN_STALLED, COLUMN_LOOP, COLUMN_CAUSE,   COLUMN_LONGEST, COLUMN_TURNS,
	COLUMN_EVENTS,	COLUMN_P99,  COLUMN_THREADS, COLUMN_TASKS,
};

static unsigned int widen(unsigned int *width, unsigned int to, unsigned int left)
{
	unsigned int by = *width < to ? to - *width : 0;

	if (by > left)
		by = left;
	*width += by;
	return left - by;
}

struct column_places columns_fit(unsigned int columns)
{
	unsigned int widths[COLUMN_NR] = { 0 }, used = 0, left, x = 0;
	struct column_places places = { .nr = 0 };

	for (size_t i = 0; i < sizeof(by_worth) / sizeof(by_worth[0]); i++) {
		unsigned int width = about[by_worth[i]].width + (used ? 1 : 0);

		if (used + width > columns)
			break;
		widths[by_worth[i]] = about[by_worth[i]].width;
		used += width;
	}
	left = columns - used;
	if (widths[COLUMN_LOOP])
		left = widen(&widths[COLUMN_LOOP], LOOP_WIDE, left);
	if (widths[COLUMN_CAUSE]) {
		left = widen(&widths[COLUMN_CAUSE], CAUSE_WIDE, left);
		left = widen(&widths[COLUMN_LOOP], LOOP_WIDER, left);
		widths[COLUMN_CAUSE] += left;
	}
	for (int column = 0; column < COLUMN_NR; column++) {
		if (!widths[column])
			continue;
		places.v[places.nr++] =
			(struct column_place){ (enum board_column)column, x, widths[column] };
		x += widths[column] + 1;
	}
	return places;
}

const char *columns_title(enum board_column column)
{
	return about[column].title;
}

bool columns_are_figures(enum board_column column)
{
	return about[column].figures;
}

/* -- what is in them -- */

/* "401 ms"; where that is too wide "2min5s", then "12 min" of 12 min 30 s. */
static void time_cell(uint64_t ns, unsigned int width, char text[CELL_BYTES])
{
	char words[DURATION_BYTES], *from, *to = text;

	if (!ns) {
		snprintf(text, CELL_BYTES, "-");
		return;
	}
	words_duration(ns, words);
	snprintf(text, CELL_BYTES, "%s", words);
	if (strlen(text) <= width)
		return;
	for (from = words; *from; from++)
		if (*from != ' ')
			*to++ = *from;
	*to = '\0';
	if (strlen(text) <= width)
		return;
	from = strchr(words, ' ');
	from = from ? strchr(from + 1, ' ') : NULL;
	if (from)
		*from = '\0';
	snprintf(text, CELL_BYTES, "%s", words);
}

/* "730", "12.3k", "4.5M" */
static void number_cell(double number, char text[CELL_BYTES])
{
	static const char units[] = { 'k', 'M', 'G', 'T' };
	size_t unit = 0;

	if (number < 10 && number != (double)(uint64_t)number) {
		snprintf(text, CELL_BYTES, "%.1f", number);
		return;
	}
	if (number < 9999.5) {
		snprintf(text, CELL_BYTES, "%.0f", number);
		return;
	}
	for (number /= 1000; number >= 999.95 && unit < sizeof(units) - 1; unit++)
		number /= 1000;
	snprintf(text, CELL_BYTES, "%.1f%c", number, units[unit]);
}

static void count_cell(int64_t count, bool grows, char text[CELL_BYTES])
{
	size_t length;

	if (count < 0) {
		snprintf(text, CELL_BYTES, "-");
		return;
	}
	number_cell((double)count, text);
	length = strlen(text);
	if (grows)
		snprintf(text + length, CELL_BYTES - length, "+");
}

static void share_cell(double share, bool now, char text[CELL_BYTES])
{
	snprintf(text, CELL_BYTES, share >= 9.95 ? "%s%.0f" : "%s%.1f", now ? "!" : "", share);
}

static void figure(const struct board_row *row, enum board_column column, unsigned int width,
		   char text[CELL_BYTES])
{
	switch (column) {
	case COLUMN_STALLED:
		share_cell(board_share(row, row->stalled_ns), row->stalled, text);
		break;
	case COLUMN_LONGEST:
		time_cell(row->longest_ns, width, text);
		break;
	case COLUMN_P99:
		time_cell(row->p99_ns, width, text);
		break;
	case COLUMN_TURNS:
		number_cell(row->span_ns
				    ? (double)NS_PER_SEC * (double)row->turns / (double)row->span_ns
				    : 0,
			    text);
		break;
	case COLUMN_EVENTS:
		number_cell((double)row->delayed_events, text);
		break;
	case COLUMN_TASKS:
		count_cell(row->tasks, row->tasks_grow, text);
		break;
	default:
		count_cell(row->threads, row->threads_grow, text);
	}
}

/* "long-na...[812/815]": the numbers matter more than the end of a name. */
static char *short_name(char *thread, unsigned int width)
{
	const char *numbers = strrchr(thread, '[');
	__freeing char *tail = strdup(numbers ? numbers : "");
	char *whole = NULL;

	if (!tail || strlen(tail) >= width)
		return strdup(thread);
	thread[strlen(thread) - strlen(tail)] = '\0';
	text_cut_right(thread, width - strlen(tail));
	return asprintf(&whole, "%s%s", thread, tail) < 0 ? NULL : whole;
}

/* "python3[812] asyncio", without the runtime where that does not fit. */
static char *name_cell(const struct board_row *row, unsigned int width)
{
	__freeing char *thread = words_thread(row->id.comm, row->id.pid, row->id.tid);
	__freeing char *runtime = escape_text(row->ended	? "ended"
					      : row->id.runtime ? row->id.runtime
								: "");
	char *whole = NULL;

	if (!thread || !runtime)
		return NULL;
	if (text_width(thread) > width)
		return short_name(thread, width);
	if (!*runtime || text_width(thread) + 1 + text_width(runtime) > width)
		return strdup(thread);
	return asprintf(&whole, "%s %s", thread, runtime) < 0 ? NULL : whole;
}

/* "socket 32%, cpu 2%": as many as fit. */
static char *cause_cell(const struct board_row *row, unsigned int width)
{
	enum cause causes[CAUSE_NR];
	size_t nr = board_causes(row, causes), used = 0;
	char *text = calloc(1, width + 1), part[CELL_BYTES];

	for (size_t i = 0; text && i < nr; i++) {
		double share = board_share(row, row->causes_ns[causes[i]]);
		int bytes;

		if (share < 0.05)
			break;
		bytes = snprintf(part, sizeof(part), share >= 9.95 ? "%s%s %.0f%%" : "%s%s %.1f%%",
				 i ? ", " : "", cause_name(causes[i]), share);
		/* rather the largest one without its figure than nothing */
		if (!i && (size_t)bytes > width)
			bytes = snprintf(part, sizeof(part), "%s", cause_name(causes[i]));
		if (used + (size_t)bytes > width)
			break;
		memcpy(text + used, part, (size_t)bytes + 1);
		used += (size_t)bytes;
	}
	return text;
}

char *columns_cell(const struct board_row *row, enum board_column column, unsigned int width)
{
	__freeing char *text = NULL;
	char *cell = NULL, number[CELL_BYTES];
	size_t own;

	if (column == COLUMN_LOOP) {
		text = name_cell(row, width);
	} else if (column == COLUMN_CAUSE) {
		text = cause_cell(row, width);
	} else {
		figure(row, column, width, number);
		text = strdup(number);
	}
	if (!text)
		return NULL;
	text_cut_right(text, width);
	own = text_width(text);
	if (asprintf(&cell, "%*s%s%*s", about[column].figures ? (int)(width - own) : 0, "", text,
		     about[column].figures ? 0 : (int)(width - own), "") < 0)
		return NULL;
	return cell;
}
