// SPDX-License-Identifier: GPL-2.0-or-later
/* places.c - which time a summary adds up by itself, and how that is listed, a row a place. */
#include "output/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/place.h"
#include "output/tally.h"
#include "text/fold.h"
#include "text/words.h"
#include "text/wrap.h"

#define MAX_PLACES	50000
#define MAX_BYTES	(16u * 1024 * 1024)
#define SHOWN_PLACES	10
#define NOISE_NS	(5 * NS_PER_MS) /* less, and less than a hundredth of all, is left to -v */
#define SHOWN_DETAILS	3
#define THREADS_COUNTED 64
#define TITLE_INDENT	4
#define TIME_COLUMNS	13 /* with what is around it */
#define PLACE_COLUMNS	36 /* longer places do not move what is behind those of others */

struct places {
	struct tally *tally; /* by struct place as a key */
	uint64_t elsewhere_ns; /* of places beyond the bounds */
};

int places_new(struct places **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	if (tally_new(&(*out)->tally, MAX_PLACES, MAX_BYTES)) {
		free(*out);
		return -ENOMEM;
	}
	return 0;
}

void places_free(struct places *places)
{
	if (!places)
		return;
	tally_free(places->tally);
	free(places);
}

/* Place, cause, target and thread. Names have no TAB once they are escaped. */
#define KEY_FORMAT "%s\t%s\t%s\t%s"

/* What it waited for, in words that are the same each time it waits there. */
static char *lasting_detail(const struct slice *slice)
{
	struct slice lasting = *slice;
	struct detail detail;
	char *text;

	/* who ran instead is another each time */
	if (!slice->syscall && slice->target.kind == TARGET_NONE && !slice->holder.pid)
		return strdup("");
	lasting.count = 1;
	if (slice->target.kind == TARGET_CHILD || slice->target.kind == TARGET_FUTEX)
		lasting.target.kind = TARGET_NONE;
	if (words_detail(&lasting, &detail))
		return NULL;
	text = detail_text(&detail);
	detail_free(&detail);
	return text;
}

static char *place_words(const struct stack *stack)
{
	const struct frame *frame = place_of(stack);

	return frame ? fold_place(frame) : strdup("(no stack)");
}

int places_add(struct places *places, const struct thread_id *id, const struct slice *slice,
	       const struct stack *stack)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	__freeing char *detail = lasting_detail(slice), *key = NULL;
	__freeing char *place = place_words(slice->stack ? slice->stack : stack);
	int err;

	if (!thread || !detail || !place ||
	    asprintf(&key, KEY_FORMAT, place, cause_name(slice->cause), detail, thread) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	err = tally_add(places->tally, key, slice->ns, slice->count);
	if (err == -ENOSPC) {
		places->elsewhere_ns = add_saturated(places->elsewhere_ns, slice->ns);
		return 0;
	}
	return err;
}

/* -- as text -- */

/* An entry of the tally, its key in parts. */
struct entry {
	char *where; /* the key itself: the others point into it */
	const char *cause;
	const char *detail;
	const char *thread;
	uint64_t ns;
};

/* Entries that follow each other in the list. */
struct row {
	const struct entry *v;
	size_t nr;
	uint64_t ns;
};

struct list {
	struct entry *entries;
	size_t nr_entries;
	struct row *rows;
	size_t nr;
	uint64_t ns;
};

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->nr_entries; i++)
		free(list->entries[i].where);
	free(list->entries);
	free(list->rows);
}

static int split(struct entry *out, const struct tally_entry *entry)
{
	char *rest = strdup(entry->key);

	*out = (struct entry){ .where = rest, .ns = entry->ns };
	if (!rest)
		return -ENOMEM;
	strsep(&rest, "\t");
	out->cause = strsep(&rest, "\t");
	out->detail = strsep(&rest, "\t");
	out->thread = rest;
	return 0;
}

/* By place, there by cause, there by what was waited for. */
static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->where, b->where);

	if (!order)
		order = strcmp(a->cause, b->cause);
	if (!order)
		order = strcmp(a->detail, b->detail);
	return order ? order : strcmp(a->thread, b->thread);
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_numbers(b->ns, a->ns);

	return order ? order : strcmp(a->v->where, b->v->where);
}

static int list_make(struct list *list, struct places *places)
{
	const struct tally_entry *const *tallied = tally_by_ns(places->tally);
	size_t nr = tally_size(places->tally);

	*list = (struct list){ .entries = calloc(nr, sizeof(list->entries[0])),
			       .rows = calloc(nr, sizeof(list->rows[0])) };
	if (!list->entries || !list->rows)
		return -ENOMEM;
	for (; list->nr_entries < nr; list->nr_entries++)
		if (split(&list->entries[list->nr_entries], tallied[list->nr_entries]))
			return -ENOMEM;
	qsort(list->entries, nr, sizeof(list->entries[0]), compare_entries);
	for (size_t i = 0; i < nr; i++) {
		const struct entry *entry = &list->entries[i];

		if (!i || strcmp(entry->where, entry[-1].where) != 0)
			list->rows[list->nr++].v = entry;
		list->rows[list->nr - 1].nr++;
		list->rows[list->nr - 1].ns = add_saturated(list->rows[list->nr - 1].ns, entry->ns);
		list->ns = add_saturated(list->ns, entry->ns);
	}
	qsort(list->rows, list->nr, sizeof(list->rows[0]), compare_rows);
	return 0;
}

static bool is_noise(uint64_t ns, uint64_t of_ns)
{
	return ns < NOISE_NS && ns < of_ns / 100;
}

/* What was waited for most, in one place for one cause. */
struct part {
	const char *cause;
	uint64_t ns;
	size_t nr; /* how many different details there are */
	struct {
		const char *text;
		uint64_t ns;
	} details[SHOWN_DETAILS + 1]; /* largest first; the last one is to be sorted in */
};

static void add_detail(struct part *part, const char *text, uint64_t ns)
{
	size_t at = part->nr < SHOWN_DETAILS ? part->nr : SHOWN_DETAILS;

	part->nr++;
	for (; at && part->details[at - 1].ns < ns; at--)
		part->details[at] = part->details[at - 1];
	part->details[at].text = text;
	part->details[at].ns = ns;
}

static int compare_parts(const void *left, const void *right)
{
	const struct part *a = left, *b = right;
	int order = compare_numbers(b->ns, a->ns);

	return order ? order : strcmp(a->cause, b->cause);
}

/* "recvfrom 127.0.0.1:5432 (postgres[812])", and before the peer was known "recvfrom 127.0.0.1:5432". */
static bool says_more(const struct entry *entry, const struct entry *than)
{
	return *than->detail && starts_with(entry->detail, than->detail) &&
	       starts_with(entry->detail + strlen(than->detail), " (");
}

/* The row's causes, largest first. Returns how many there are. */
static size_t parts_of(const struct row *row, struct part parts[CAUSE_NR])
{
	bool known_less = false; /* the time before is of the same, of which less was known then */
	uint64_t less_ns = 0;
	size_t nr = 0;

	for (size_t i = 0; i < row->nr;) {
		const struct entry *first = &row->v[i];
		uint64_t ns = known_less ? less_ns : 0;

		if (!nr || strcmp(parts[nr - 1].cause, first->cause) != 0) {
			if (nr == CAUSE_NR)
				break;
			parts[nr++] = (struct part){ .cause = first->cause };
		}
		for (; i < row->nr && strcmp(row->v[i].cause, first->cause) == 0 &&
		       strcmp(row->v[i].detail, first->detail) == 0;
		     i++)
			ns = add_saturated(ns, row->v[i].ns);
		known_less = i < row->nr && strcmp(row->v[i].cause, first->cause) == 0 &&
			     says_more(&row->v[i], first);
		less_ns = ns;
		if (known_less)
			continue;
		parts[nr - 1].ns = add_saturated(parts[nr - 1].ns, ns);
		if (*first->detail)
			add_detail(&parts[nr - 1], first->detail, ns);
	}
	qsort(parts, nr, sizeof(parts[0]), compare_parts);
	return nr;
}

/* How many threads there were, up to a bound. */
static size_t count_threads(const struct row *row)
{
	const char *threads[THREADS_COUNTED];
	size_t nr = 0;

	for (size_t i = 0; i < row->nr && nr < THREADS_COUNTED; i++) {
		size_t at = 0;

		while (at < nr && strcmp(threads[at], row->v[i].thread) != 0)
			at++;
		if (at == nr)
			threads[nr++] = row->v[i].thread;
	}
	return nr;
}

/* "sleep clock_nanosleep", "gil 300 ms held by hog[7/8]" */
static void print_part(FILE *out, const struct part *part, bool alone)
{
	char time[DURATION_BYTES];

	words_duration(part->ns, time);
	fprintf(out, "%s%s%s", part->cause, alone ? "" : " ", alone ? "" : time);
	for (size_t i = 0; i < part->nr && i < SHOWN_DETAILS; i++)
		fprintf(out, "%s%s", i ? ", " : " ", part->details[i].text);
	if (part->nr > SHOWN_DETAILS)
		fprintf(out, " and %zu more", part->nr - SHOWN_DETAILS);
}

/* What the row says behind its place; the caller's. */
static char *row_words(const struct row *row, const struct look *look)
{
	struct part parts[CAUSE_NR];
	size_t nr = parts_of(row, parts), threads = count_threads(row), size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while (nr > 1 && !look->unfold && is_noise(parts[nr - 1].ns, row->ns))
		nr--;
	for (size_t i = 0; i < nr; i++) {
		fputs(i ? "; " : "", out);
		print_part(out, &parts[i], nr == 1);
	}
	if (threads == 1)
		fprintf(out, "  %s", row->v->thread);
	else
		fprintf(out, "  %zu%s threads", threads,
			threads == THREADS_COUNTED ? " or more" : "");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* "      5.1 s  do_io (app/bad.py:3)  sleep clock_nanosleep  python3[4242]" */
static int print_row(FILE *out, const struct row *row, size_t place_columns,
		     const struct look *look)
{
	__freeing char *words = row_words(row, look);
	size_t width = text_width(row->v->where);
	char time[DURATION_BYTES];

	words_duration(row->ns, time);
	return words ? wrap_printf(
			       out, TIME_COLUMNS + 2, look, "  %9s  %s%*s  %s", time, row->v->where,
			       width < place_columns ? (int)(place_columns - width) : 0, "", words)
		     : -ENOMEM;
}

static size_t place_columns(const struct list *list, size_t shown)
{
	size_t columns = 0;

	for (size_t i = 0; i < shown; i++) {
		size_t width = text_width(list->rows[i].v->where);

		if (width > columns && width <= PLACE_COLUMNS)
			columns = width;
	}
	return columns;
}

static void print_title(FILE *out, size_t shown, size_t nr, const struct look *look)
{
	struct wrap wrap = { .indent = TITLE_INDENT };
	char title[96] = "  where the time went";
	size_t used = strlen(title);

	if (shown < nr)
		snprintf(title + used, sizeof(title) - used, ", %zu largest of %zu (-v shows all)",
			 shown, nr);
	wrap.spans[0] = (struct span){ 0, strlen(title), LOOK_DIM };
	wrap_print(out, title, &wrap, look);
}

static int print_list(FILE *out, const struct list *list, const struct look *look)
{
	size_t shown = list->nr, columns;
	int err = 0;

	if (!look->unfold && shown > SHOWN_PLACES)
		shown = SHOWN_PLACES;
	while (!look->unfold && shown && is_noise(list->rows[shown - 1].ns, list->ns))
		shown--;
	columns = place_columns(list, shown);
	print_title(out, shown, list->nr, look);
	for (size_t i = 0; i < shown && !err; i++)
		err = print_row(out, &list->rows[i], columns, look);
	return err;
}

int places_print(struct places *places, FILE *out, const struct look *look)
{
	struct list list;
	int err;

	if (!tally_size(places->tally))
		return 0;
	err = list_make(&list, places);
	if (!err)
		err = print_list(out, &list, look);
	list_free(&list);
	if (!err && places->elsewhere_ns) {
		char time[DURATION_BYTES];

		words_duration(places->elsewhere_ns, time);
		err = wrap_printf(out, TIME_COLUMNS, look,
				  "  %9s  in too many other places to keep apart", time);
	}
	return err;
}
