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

#define PLACES_MAX     30000
#define CELLS_MAX      (1u << 19) /* of all places */
#define NAME_MAX_BYTES 512 /* of a function, or a file */
#define MINUTE_NS      (60 * NS_PER_SEC)

struct cell {
	uint64_t minute;
	uint64_t ns;
};

struct place_sum {
	uint64_t hash;
	char *fn;
	char *file; /* NULL: not known */
	uint64_t ns;
	uint64_t stalls;
	uint64_t by_cause[CAUSE_NR];
	struct cell *cells; /* as they came: in order, or nearly so */
	size_t nr_cells;
	size_t capacity;
	bool cut; /* of cells */
	double mean, variance;
};

struct place_sums {
	struct place_sum *v;
	size_t nr;
	size_t capacity;
	uint32_t *index; /* open addressing, 2 * capacity: position in v + 1, 0: free */
	size_t nr_cells;
	uint64_t left_out;
};

int place_sums_new(struct place_sums **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void place_sums_free(struct place_sums *sums)
{
	if (!sums)
		return;
	for (size_t i = 0; i < sums->nr; i++) {
		free(sums->v[i].fn);
		free(sums->v[i].file);
		free(sums->v[i].cells);
	}
	free(sums->v);
	free(sums->index);
	free(sums);
}

static uint64_t hash_of(const char *fn, const char *file)
{
	uint64_t hash = hash_bytes(HASH_START, fn, strlen(fn) + 1);

	return file ? hash_bytes(hash, file, strlen(file)) : hash;
}

/* Where it is, or belongs. There is a free place. */
static uint32_t *bucket_of(struct place_sums *sums, uint64_t hash, const char *fn, const char *file)
{
	size_t mask = 2 * sums->capacity - 1, at = hash & mask;

	while (sums->index[at]) {
		const struct place_sum *sum = &sums->v[sums->index[at] - 1];

		if (sum->hash == hash && !strcmp(sum->fn, fn) && same_string(sum->file, file))
			break;
		at = (at + 1) & mask;
	}
	return &sums->index[at];
}

static int grow(struct place_sums *sums)
{
	size_t capacity = sums->capacity ? 2 * sums->capacity : 64;
	struct place_sum *v = reallocarray(sums->v, capacity, sizeof(v[0]));
	uint32_t *index;

	if (!v)
		return -ENOMEM;
	sums->v = v;
	index = calloc(2 * capacity, sizeof(index[0]));
	if (!index)
		return -ENOMEM;
	free(sums->index);
	sums->index = index;
	sums->capacity = capacity;
	for (size_t i = 0; i < sums->nr; i++)
		*bucket_of(sums, v[i].hash, v[i].fn, v[i].file) = (uint32_t)i + 1;
	return 0;
}

/* NULL: there is no memory. */
static struct place_sum *sum_of(struct place_sums *sums, const char *fn, const char *file)
{
	uint64_t hash = hash_of(fn, file);
	struct place_sum sum = { .hash = hash };
	uint32_t *bucket;

	if (sums->nr == sums->capacity && grow(sums))
		return NULL;
	bucket = bucket_of(sums, hash, fn, file);
	if (*bucket)
		return &sums->v[*bucket - 1];
	if (sums->nr >= PLACES_MAX && strcmp(fn, "[other]") != 0) {
		sums->left_out++;
		return sum_of(sums, "[other]", NULL);
	}
	if (copy_string(&sum.fn, fn) || copy_string(&sum.file, file)) {
		free(sum.fn);
		return NULL;
	}
	sums->v[sums->nr++] = sum;
	*bucket = (uint32_t)sums->nr;
	return &sums->v[sums->nr - 1];
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

int place_sums_add(struct place_sums *sums, const struct frame *frame, const struct slice *slice,
		   uint64_t time_ns)
{
	struct place_sum *sum = sum_of_frame(sums, frame, slice->cause);

	if (!sum)
		return -ENOMEM;
	sum->ns = add_saturated(sum->ns, slice->ns);
	sum->by_cause[slice->cause] = add_saturated(sum->by_cause[slice->cause], slice->ns);
	return add_cell(sums, sum, time_ns / MINUTE_NS, slice->ns);
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
static void spread(struct place_sum *sum, const struct minutes *minutes)
{
	double total = 0, squares = 0;

	if (sum->nr_cells)
		qsort(sum->cells, sum->nr_cells, sizeof(sum->cells[0]), compare_cells);
	for (size_t i = 0; i < sum->nr_cells;) {
		uint64_t minute = sum->cells[i].minute;
		uint64_t loop_ns = minutes_loop_ns(minutes, minute), ns = 0;
		double part;

		for (; i < sum->nr_cells && sum->cells[i].minute == minute; i++)
			ns = add_saturated(ns, sum->cells[i].ns);
		part = loop_ns ? (double)ns / (double)loop_ns : 0;
		total += part;
		squares += part * part;
	}
	if (minutes->whole < 2)
		return;
	sum->mean = total / (double)minutes->whole;
	sum->variance = (squares - total * sum->mean) / (double)(minutes->whole - 1);
	if (sum->variance < 0)
		sum->variance = 0;
}

void place_sums_finish(struct place_sums *sums, const struct minutes *minutes)
{
	for (size_t i = 0; i < sums->nr; i++)
		spread(&sums->v[i], minutes);
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
		.mean = sum->mean,
		.variance = sum->variance,
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
