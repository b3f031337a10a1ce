// SPDX-License-Identifier: GPL-2.0-or-later
/* html_rows.c - what of a stall stands in a page, and what of its details is left out where there are many. */
#include "output/html_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "output/html_out.h"
#include "output/html_words.h"
#include "text/groups.h"
#include "text/impact_text.h"
#include "text/stall_text.h"

/* So many of the whole page, but no fewer and no more of each. */
struct room {
	size_t all, least, most;
};

/* Of stalls; each row for a page that the one before made too large. */
static const struct {
	struct room slices, intervals;
	size_t lines; /* of its text */
} details[HTML_DETAILS] = {
	{ { 120000, 8, 64 }, { 160000, 8, 512 }, 100 },
	{ { 40000, 4, 64 }, { 40000, 4, 256 }, 100 },
	{ { 20000, 2, 16 }, { 10000, 1, 64 }, 4 },
	{ { 10000, 1, 8 }, { 5000, 1, 16 }, 2 },
};
static const struct room blocked_slices = { 8000, 2, 64 };

#define TASKS_MAX    8
#define TIME_COLUMNS 12 /* "14:03:22.118" */

#define FLAG_ONGOING	   1
#define FLAG_BEFORE_ATTACH 2

static size_t share(const struct room *room, size_t nr)
{
	size_t each = nr ? room->all / nr : room->most;

	return each < room->least ? room->least : each > room->most ? room->most : each;
}

void html_rows_share(struct html_rows *rows, const struct html_page *page, unsigned int less)
{
	size_t stalls = html_kept_nr(page->kept), blocked = 0;

	for (size_t i = 0; i < html_loops_nr(page->loops); i++)
		blocked += html_loops_at(page->loops, i)->nr_blocked;
	rows->slices = share(&details[less].slices, stalls);
	rows->intervals = share(&details[less].intervals, stalls);
	rows->lines = details[less].lines;
	rows->blocked_slices = share(&blocked_slices, blocked);
}

void html_put_ledger(FILE *out, const struct ledger *ledger)
{
	const uint64_t parts[] = { ledger->cpu_ns, ledger->runqueue_ns, ledger->throttled_ns,
				   ledger->blocked_ns, ledger->unknown_ns };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fputc(i ? ',' : '[', out);
		html_put_number(out, parts[i]);
	}
	fputc(']', out);
}

/* Takes the string. */
static void put_string(FILE *out, struct html_rows *rows, char *text)
{
	fprintf(out, ",%" PRIu32, html_string(rows->tables, text));
}

/* -- slices -- */

static int by_length(const void *left, const void *right)
{
	const struct interval *a = left, *b = right;

	return compare_numbers(b->ns, a->ns);
}

static int by_time(const void *left, const void *right)
{
	const struct interval *a = left, *b = right;

	return compare_numbers(a->mono_ns, b->mono_ns);
}

/* In microseconds, each from the end of the one before. */
static void put_interval(FILE *out, const struct interval *interval, uint64_t begin_ns,
			 int64_t *end_us)
{
	int64_t at_us = (int64_t)(subtract_saturated(interval->mono_ns, begin_ns) / NS_PER_US);
	int64_t us = (int64_t)(interval->ns / NS_PER_US);

	fprintf(out, "%" PRId64 ",%" PRId64, at_us - *end_us, us);
	*end_us = at_us + us;
}

/* What is left of the turn's room for intervals. */
static int put_intervals(FILE *out, const struct slice *slice, uint64_t begin_ns, size_t *room)
{
	size_t nr = slice->intervals.nr, shown = nr < *room ? nr : *room;
	__freeing struct interval *sorted = calloc(nr + 1, sizeof(sorted[0]));
	int64_t end_us = 0;

	if (!sorted)
		return -ENOMEM;
	if (nr)
		memcpy(sorted, slice->intervals.v, nr * sizeof(sorted[0]));
	if (!shown && nr)
		shown = 1;
	qsort(sorted, nr, sizeof(sorted[0]), by_length);
	qsort(sorted, shown, sizeof(sorted[0]), by_time);
	fputs(",[", out);
	for (size_t i = 0; i < shown; i++) {
		fputs(i ? "," : "", out);
		put_interval(out, &sorted[i], begin_ns, &end_us);
	}
	fputc(']', out);
	*room -= shown < *room ? shown : *room;
	return 0;
}

static void put_chain(FILE *out, const struct slice *slice, struct html_rows *rows)
{
	const struct culprits *link = &slice->culprits;

	fputs(",[", out);
	for (bool first = true; link && link->nr; link = html_link_behind(link), first = false)
		fprintf(out, "%s%" PRIu32, first ? "" : ",",
			html_string(rows->tables, html_link(link)));
	fputc(']', out);
}

/* begin_ns: of its turn. */
static int put_slice(FILE *out, const struct slice *slice, struct html_rows *rows,
		     uint64_t begin_ns, size_t *room)
{
	int err;

	fprintf(out, "[%d", slice->cause);
	put_string(out, rows, html_escape(slice->syscall));
	fputc(',', out);
	html_put_number(out, slice->ns);
	fputc(',', out);
	html_put_number(out, slice->count);
	fputc(',', out);
	html_put_number(out, slice->max_ns);
	put_string(out, rows, html_target(slice));
	put_string(out, rows, html_escape(slice->task_name ? slice->task_name : slice->task_coro));
	fprintf(out, ",%" PRId64, html_stack(rows->tables, slice->stack));
	put_chain(out, slice, rows);
	err = put_intervals(out, slice, begin_ns, room);
	fputc(']', out);
	return err;
}

/* The smallest, of which there is only the cause. */
static int put_rest(FILE *out, const struct slice *rest, bool first, struct html_rows *rows)
{
	size_t room = 0;
	int err = 0;

	for (int cause = 0; cause < CAUSE_NR && !err; cause++) {
		if (!rest[cause].count && !rest[cause].ns)
			continue;
		fputs(first ? "" : ",", out);
		err = put_slice(out, &rest[cause], rows, 0, &room);
		first = false;
	}
	return err;
}

static void add_rest(struct slice *rest, const struct slice *slice)
{
	struct slice *sum = &rest[slice->cause];

	sum->cause = slice->cause;
	sum->ns = add_saturated(sum->ns, slice->ns);
	sum->count = add_saturated(sum->count, slice->count);
	if (slice->max_ns > sum->max_ns)
		sum->max_ns = slice->max_ns;
}

/* must: one that is put whatever its size; its place among them, -1: it is NULL. */
static int put_slices(FILE *out, const struct slices *slices, size_t max, const struct slice *must,
		      struct html_rows *rows, uint64_t begin_ns, int *place)
{
	struct slice rest[CAUSE_NR] = { 0 };
	size_t shown = 0, room = rows->intervals;
	bool seen = !must;
	int err = 0;

	*place = -1;
	fputc('[', out);
	for (size_t i = 0; i < slices->nr && !err; i++) {
		const struct slice *slice = &slices->v[i];

		/* the last place is kept for it */
		if (slice != must && shown >= max - !seen) {
			add_rest(rest, slice);
			continue;
		}
		if (slice == must) {
			*place = (int)shown;
			seen = true;
		}
		fputs(shown++ ? "," : "", out);
		err = put_slice(out, slice, rows, begin_ns, &room);
	}
	err = err ? err : put_rest(out, rest, !shown, rows);
	fputc(']', out);
	return err;
}

int html_row_slices(FILE *out, const struct slices *slices, struct html_rows *rows)
{
	int place;

	return put_slices(out, slices, rows->blocked_slices, NULL, rows, 0, &place);
}

/* -- a stall -- */

/* Its text, line by line; the first one without its time. */
static int put_lines(FILE *out, const struct stall_record *stall, const struct zone *zone,
		     struct html_rows *rows)
{
	const struct look look = { .zone = *zone };
	__freeing char *text = NULL;
	size_t size = 0, nr = 0;
	FILE *stream = open_memstream(&text, &size);
	int err = stream ? stall_print(stream, stall, &look) : -ENOMEM;
	char *rest, *line;

	if (stream && fclose(stream))
		err = -ENOMEM;
	if (err)
		return err;
	rest = text + (size > TIME_COLUMNS ? TIME_COLUMNS : size);
	fputs(",[", out);
	while ((line = strsep(&rest, "\n")) && rest && nr < rows->lines)
		fprintf(out, "%s%" PRIu32, nr++ ? "," : "",
			html_string(rows->tables, html_cut(strdup(line))));
	fputc(']', out);
	return 0;
}

/* Of the slices that the stall is named after, each once. */
static void put_tasks(FILE *out, const struct groups *groups, struct html_rows *rows)
{
	uint32_t seen[TASKS_MAX];
	size_t nr = 0;

	fputs(",[", out);
	for (size_t i = 0; groups->place && i < groups->place->nr && nr < TASKS_MAX; i++) {
		const struct slice *slice = groups->place->slices[i];
		uint32_t number =
			html_string(rows->tables, html_escape(slice->task_name ? slice->task_name
									       : slice->task_coro));
		size_t at = 0;

		while (at < nr && seen[at] != number)
			at++;
		if (!number || at < nr)
			continue;
		fprintf(out, "%s%" PRIu32, nr ? "," : "", number);
		seen[nr++] = number;
	}
	fputc(']', out);
}

/* What it is called, and what is to be known of it. */
static void put_names(FILE *out, const struct groups *groups, struct html_rows *rows)
{
	const struct stall_record *stall = groups->stall;
	const struct slice *verdict = groups->verdict ? groups->verdict->largest : NULL;
	int flags = (stall->ongoing || stall->at_end ? FLAG_ONGOING : 0) |
		    (stall->before_attach ? FLAG_BEFORE_ATTACH : 0);
	char impact[IMPACT_BYTES];

	impact_words(stall, impact);
	put_string(out, rows, html_place(groups));
	put_string(out, rows, html_target(verdict));
	put_tasks(out, groups, rows);
	put_string(out, rows, html_culprit(verdict));
	fprintf(out, ",%d", flags);
	put_string(out, rows, html_escape(stall->doubt ? doubt_meaning(stall->doubt) : NULL));
	put_string(out, rows, html_escape(stall->advice));
	put_string(out, rows, html_escape(impact));
}

static int put_stall(FILE *out, const struct html_stall *kept, const struct groups *groups,
		     const struct zone *zone, struct html_rows *rows)
{
	const struct stall_record *stall = &kept->stall;
	__freeing char *turn = html_escape(stall->turn);
	int err, verdict;

	if (!turn)
		return -ENOMEM;
	fprintf(out, "[%" PRIu32 ",", kept->loop);
	html_put_json(out, turn);
	fputc(',', out);
	html_put_number(out, subtract_saturated(stall->time_ns, rows->origin_ns));
	fputc(',', out);
	html_put_number(out, stall->duration_ns);
	fprintf(out, ",%d", stall->cause);
	put_names(out, groups, rows);
	fputc(',', out);
	html_put_ledger(out, &stall->ledger);
	fputc(',', out);
	err = put_slices(out, &stall->slices, rows->slices,
			 groups->verdict ? groups->verdict->largest : NULL, rows, stall->mono_ns,
			 &verdict);
	fprintf(out, ",%d", verdict);
	err = err ? err : put_lines(out, stall, zone, rows);
	fputc(']', out);
	return err;
}

int html_row_stall(FILE *out, const struct html_stall *kept, const struct zone *zone,
		   struct html_rows *rows)
{
	struct groups groups;
	int err = groups_make(&groups, &kept->stall, false);

	err = err ? err : put_stall(out, kept, &groups, zone, rows);
	groups_free(&groups);
	return err;
}
