// SPDX-License-Identifier: GPL-2.0-or-later
/* places.c - what makes two slices the same place in a summary, and how places are listed. */
#include "output/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "model/place.h"
#include "output/tally.h"
#include "text/fold.h"
#include "text/words.h"

#define MAX_PLACES     50000
#define MAX_BYTES      (16u * 1024 * 1024)
#define SHOWN_PLACES   10
#define PLACE_COLUMNS  34
#define DETAIL_COLUMNS 60

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

bool places_are_empty(const struct places *places)
{
	return !tally_size(places->tally);
}

/*
 * Cause, place, target, thread, and the whole place, by which places differ that
 * are shown alike. Names have no TAB once they are escaped.
 */
#define KEY_FORMAT "%s\t%s\t%s\t%s\t%s"

/* What it waited for, in words that are the same each time it waits there. */
static char *lasting_detail(const struct slice *slice)
{
	struct slice lasting = *slice;
	struct detail detail;
	char *text;

	lasting.count = 1;
	if (slice->target.kind == TARGET_CHILD || slice->target.kind == TARGET_FUTEX)
		lasting.target.kind = TARGET_NONE;
	if (words_detail(&lasting, &detail))
		return NULL;
	text = detail_text(&detail, DETAIL_COLUMNS);
	detail_free(&detail);
	return text;
}

static char *slice_place(const struct slice *slice, size_t columns)
{
	const struct frame *frame = place_of(slice->stack);

	return frame ? fold_place(frame, columns) : strdup("(no stack)");
}

int places_add(struct places *places, const struct thread_id *id, const struct slice *slice)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	__freeing char *detail = lasting_detail(slice);
	__freeing char *place = slice_place(slice, PLACE_COLUMNS);
	__freeing char *whole_place = slice_place(slice, SIZE_MAX);
	__freeing char *key = NULL;
	int err;

	if (!thread || !detail || !place || !whole_place ||
	    asprintf(&key, KEY_FORMAT, cause_name(slice->cause), place, detail, thread,
		     whole_place) < 0) {
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

/* The parts of a key that are shown. */
struct place {
	char *copy; /* of the key: the others point into it */
	const char *cause;
	const char *where;
	const char *detail;
	const char *thread;
};

static int split_key(const char *key, struct place *out)
{
	char *rest = strdup(key);

	out->copy = rest;
	if (!rest)
		return -ENOMEM;
	out->cause = strsep(&rest, "\t");
	out->where = strsep(&rest, "\t");
	out->detail = strsep(&rest, "\t");
	out->thread = strsep(&rest, "\t");
	return 0;
}

/* "     5.1 s  sleep    do_io (app/bad.py:3)  clock_nanosleep  python3[4242]", the thread if it fits. */
static int print_place(FILE *out, const struct tally_entry *entry, size_t place_columns,
		       const struct look *look)
{
	size_t used = 22 + place_columns + 2, room = look->columns - used;
	__freeing char *detail = NULL;
	struct place place;
	char time[DURATION_BYTES];

	if (split_key(entry->key, &place))
		return -ENOMEM;
	detail = strdup(place.detail);
	if (!detail) {
		free(place.copy);
		return -ENOMEM;
	}
	text_cut_left(detail, room);
	words_duration(entry->ns, time);
	fprintf(out, "  %9s  %-9s%s%*s", time, place.cause, place.where,
		(int)(place_columns - text_width(place.where)), "");
	if (*detail)
		fprintf(out, "  %s", detail);
	if (text_width(detail) + 2 + text_width(place.thread) <= room)
		fprintf(out, "  %s", place.thread);
	fputc('\n', out);
	free(place.copy);
	return 0;
}

/* The width of the widest place that is shown. */
static int place_columns(const struct tally_entry *const *entries, size_t nr, size_t *columns)
{
	*columns = 0;
	for (size_t i = 0; i < nr; i++) {
		struct place place;

		if (split_key(entries[i]->key, &place))
			return -ENOMEM;
		if (text_width(place.where) > *columns)
			*columns = text_width(place.where);
		free(place.copy);
	}
	return 0;
}

int places_print(struct places *places, FILE *out, const struct look *look)
{
	const struct tally_entry *const *entries = tally_by_ns(places->tally);
	size_t nr = tally_size(places->tally), shown = nr, columns;
	int err;

	if (!nr)
		return 0;
	if (!look->unfold && shown > SHOWN_PLACES)
		shown = SHOWN_PLACES;
	err = place_columns(entries, shown, &columns);
	look_as(look, out, LOOK_DIM);
	if (shown < nr)
		fprintf(out, "  where the time went, %zu largest of %zu (-v shows all)\n", shown,
			nr);
	else
		fputs("  where the time went\n", out);
	look_as(look, out, LOOK_PLAIN);
	for (size_t i = 0; i < shown && !err; i++)
		err = print_place(out, entries[i], columns, look);
	if (places->elsewhere_ns) {
		char time[DURATION_BYTES];

		words_duration(places->elsewhere_ns, time);
		fprintf(out, "  %9s  in too many other places to keep apart\n", time);
	}
	return err;
}
