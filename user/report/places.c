// SPDX-License-Identifier: GPL-2.0-or-later
/* places.c - by what two slices are in the same place, and how much a place differs from minute to minute. */
#include "report/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/strings.h"
#include "output/keys.h"

#define PLACES_MAX     30000
#define CELLS_MAX      (1u << 19) /* of all places */
#define NAME_MAX_BYTES 512 /* of a function, or a file */
#define MINUTE_NS      (60 * NS_PER_SEC)

struct cell {
	uint64_t minute;
	uint64_t ns;
};

struct place_sum {
	const char *fn; /* of the key, as is file */
	const char *file; /* NULL: not known */
	uint64_t ns;
	uint64_t stalls;
	uint64_t by_cause[CAUSE_NR];
	struct cell *cells; /* as they came: in order, or nearly so */
	size_t nr_cells;
	size_t capacity;
	bool cut; /* of cells */
	struct spread spread;
};

struct place_sums {
	struct keys *keys; /* a function, NUL, and its file: ended by NUL, or none */
	size_t room; /* of keys: they are bounded by their number */
	struct place_sum *v; /* by the key's number, until they are sorted */
	size_t nr;
	size_t capacity;
	size_t nr_cells;
	uint64_t left_out;
};

int place_sums_new(struct place_sums **out)
{
	struct place_sums *sums = calloc(1, sizeof(*sums));

	*out = NULL;
	if (!sums)
		return -ENOMEM;
	sums->room = SIZE_MAX;
	/* and [other] */
	if (keys_new(&sums->keys, PLACES_MAX + 1, &sums->room)) {
		free(sums);
		return -ENOMEM;
	}
	*out = sums;
	return 0;
}

void place_sums_free(struct place_sums *sums)
{
	if (!sums)
		return;
	for (size_t i = 0; i < sums->nr; i++)
		free(sums->v[i].cells);
	free(sums->v);
	keys_free(sums->keys);
	free(sums);
}

/* Of a new number, which is the next one. NULL: there is no memory. */
static struct place_sum *new_sum(struct place_sums *sums, uint32_t number, size_t fn_bytes)
{
	size_t bytes;
	const char *key = keys_at(sums->keys, number, &bytes);

	if (sums->nr == sums->capacity) {
		size_t capacity = sums->capacity ? 2 * sums->capacity : 64;
		struct place_sum *grown = reallocarray(sums->v, capacity, sizeof(grown[0]));

		if (!grown)
			return NULL;
		sums->v = grown;
		sums->capacity = capacity;
	}
	sums->v[sums->nr] = (struct place_sum){
		.fn = key,
		.file = bytes > fn_bytes ? key + fn_bytes : NULL,
	};
	return &sums->v[sums->nr++];
}

/* NULL: there is no memory. */
static struct place_sum *sum_of(struct place_sums *sums, const char *fn, const char *file)
{
	char key[2 * NAME_MAX_BYTES];
	size_t fn_bytes = strlen(fn) + 1, bytes = fn_bytes;
	uint32_t number;

	memcpy(key, fn, fn_bytes);
	if (file) {
		memcpy(key + fn_bytes, file, strlen(file) + 1);
		bytes += strlen(file) + 1;
	}
	if (keys_size(sums->keys) >= PLACES_MAX && strcmp(fn, "[other]") != 0 &&
	    keys_find(sums->keys, key, bytes, &number)) {
		sums->left_out++;
		return sum_of(sums, "[other]", NULL);
	}
	if (keys_add(sums->keys, key, bytes, &number))
		return NULL;
	return number < sums->nr ? &sums->v[number] : new_sum(sums, number, fn_bytes);
}

static struct place_sum *sum_of_frame(struct place_sums *sums, const struct frame *frame,
				      enum cause cause)
{
	char fn[NAME_MAX_BYTES], file[NAME_MAX_BYTES];
	const char *path = frame ? (frame->file ? frame->file : frame->module) : NULL;

	if (frame)
		snprintf(fn, sizeof(fn), "%s", frame->fn);
	else
		snprintf(fn, sizeof(fn), "[%s]", cause_name(cause));
	if (path)
		snprintf(file, sizeof(file), "%s", base_name(path));
	return sum_of(sums, fn, path ? file : NULL);
}

static int add_cell(struct place_sums *sums, struct place_sum *sum, uint64_t minute, uint64_t ns)
{
	for (size_t i = sum->nr_cells, tries = 0; i-- > 0 && tries < 4; tries++) {
		if (sum->cells[i].minute != minute)
			continue;
		sum->cells[i].ns = add_saturated(sum->cells[i].ns, ns);
		return 0;
	}
	if (sums->nr_cells == CELLS_MAX) {
		sum->cut = true;
		return 0;
	}
	if (sum->nr_cells == sum->capacity) {
		size_t capacity = sum->capacity ? 2 * sum->capacity : 2;
		struct cell *grown = reallocarray(sum->cells, capacity, sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		sum->cells = grown;
		sum->capacity = capacity;
	}
	sum->cells[sum->nr_cells++] = (struct cell){ minute, ns };
	sums->nr_cells++;
	return 0;
}

/* What is before the record, by a recording that says so, is of its moment. */
static uint64_t time_of(struct both_clocks at, uint64_t mono_ns)
{
	return add_saturated(at.time_ns, subtract_saturated(mono_ns, at.mono_ns));
}

/* A block may be longer than a minute. */
static int add_block(struct place_sums *sums, struct place_sum *sum, uint64_t from_ns, uint64_t ns)
{
	int err = 0;

	while (ns && !err && !sum->cut) {
		uint64_t in_minute_ns = MINUTE_NS - from_ns % MINUTE_NS;
		uint64_t own_ns = ns < in_minute_ns ? ns : in_minute_ns;

		err = add_cell(sums, sum, from_ns / MINUTE_NS, own_ns);
		from_ns = add_saturated(from_ns, own_ns);
		ns -= own_ns;
	}
	return err;
}

/* The longest of its blocks are each of their own minute, the rest of that of the first one. */
static int add_blocks(struct place_sums *sums, struct place_sum *sum, const struct slice *slice,
		      struct both_clocks at)
{
	const struct intervals *intervals = &slice->intervals;
	uint64_t rest_ns = slice->ns, first_ns = intervals->first_ns;
	int err = 0;

	for (size_t i = 0; i < intervals->nr && !err; i++) {
		const struct interval *block = &intervals->v[i];
		uint64_t ns = block->ns < rest_ns ? block->ns : rest_ns;

		err = add_block(sums, sum, time_of(at, block->mono_ns), ns);
		rest_ns -= ns;
	}
	return err ? err
		   : add_block(sums, sum, time_of(at, first_ns ? first_ns : at.mono_ns), rest_ns);
}

int place_sums_add(struct place_sums *sums, const struct frame *frame, const struct slice *slice,
		   struct both_clocks at)
{
	struct place_sum *sum = sum_of_frame(sums, frame, slice->cause);

	if (!sum)
		return -ENOMEM;
	sum->ns = add_saturated(sum->ns, slice->ns);
	sum->by_cause[slice->cause] = add_saturated(sum->by_cause[slice->cause], slice->ns);
	return add_blocks(sums, sum, slice, at);
}

void place_sums_stall(struct place_sums *sums, const struct frame *frame, enum cause cause)
{
	struct place_sum *sum = sum_of_frame(sums, frame, cause);

	if (sum)
		sum->stalls++;
}

static int compare_cells(const void *left, const void *right)
{
	const struct cell *a = left, *b = right;

	return compare_numbers(a->minute, b->minute);
}

static int compare_sums(const void *left, const void *right)
{
	const struct place_sum *a = left, *b = right;
	int order = strcmp(a->fn, b->fn);

	return order ? order : compare_strings(a->file, b->file);
}

/* Minutes without any of it count as well. */
static void spread_cells(struct place_sum *sum, const struct minutes *minutes)
{
	if (sum->nr_cells)
		qsort(sum->cells, sum->nr_cells, sizeof(sum->cells[0]), compare_cells);
	for (size_t i = 0; i < sum->nr_cells;) {
		uint64_t minute = sum->cells[i].minute;
		uint64_t loop_ns = minutes_loop_ns(minutes, minute), ns = 0;

		for (; i < sum->nr_cells && sum->cells[i].minute == minute; i++)
			ns = add_saturated(ns, sum->cells[i].ns);
		if (loop_ns)
			spread_add(&sum->spread, (double)ns / (double)loop_ns);
	}
	sum->spread.nr = minutes->whole;
}

void place_sums_finish(struct place_sums *sums, const struct minutes *minutes)
{
	for (size_t i = 0; i < sums->nr; i++)
		spread_cells(&sums->v[i], minutes);
	if (sums->nr)
		qsort(sums->v, sums->nr, sizeof(sums->v[0]), compare_sums);
}

size_t place_sums_nr(const struct place_sums *sums)
{
	return sums->nr;
}

struct survey_place place_sums_at(const struct place_sums *sums, size_t at)
{
	const struct place_sum *sum = &sums->v[at];
	struct survey_place place = {
		.fn = sum->fn,
		.file = sum->file,
		.ns = sum->ns,
		.stalls = sum->stalls,
		.has_spread = !sum->cut,
		.spread = sum->spread,
	};

	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (sum->by_cause[cause] > sum->by_cause[place.cause])
			place.cause = (enum cause)cause;
	return place;
}

uint64_t place_sums_left_out(const struct place_sums *sums)
{
	return sums->left_out;
}
