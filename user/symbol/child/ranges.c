// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ranges.c - a sorted array of ranges that do not overlap, and behind it a short
 * list of those added since, searched first. When that is long, both become one
 * sorted array: a sweep by address in which the latest of the open ones wins.
 */
#include "symbol/child/ranges.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* As many are searched one by one; a merge costs more the more there are in all. */
#define RECENT_SEARCHED 512
#define RECENT_ADDED	4096 /* while many are added, and as many as there are sorted ones */

struct ranges {
	struct range *v; /* sorted, without overlap */
	size_t nr;
	struct range *recent; /* as they were added */
	size_t nr_recent;
	size_t capacity; /* of recent */
	uint32_t next; /* order of the next */
	uint64_t cut;
};

/* Open ranges of a sweep: a heap, the latest on top. */
struct open {
	struct range *v;
	size_t nr;
};

static void open_push(struct open *open, const struct range *range)
{
	size_t i = open->nr++;

	while (i && open->v[(i - 1) / 2].order < range->order) {
		open->v[i] = open->v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	open->v[i] = *range;
}

static void open_pop(struct open *open)
{
	struct range last = open->v[--open->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= open->nr)
			break;
		if (child + 1 < open->nr && open->v[child + 1].order > open->v[child].order)
			child++;
		if (open->v[child].order <= last.order)
			break;
		open->v[i] = open->v[child];
		i = child;
	}
	open->v[i] = last;
}

static int compare(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* What is visible of in (sorted by start) goes to out, which has room for twice as many. */
static size_t sweep(const struct range *in, size_t nr, struct open *open, struct range *out)
{
	size_t next = 0, made = 0;
	uint64_t at = 0;

	while (next < nr || open->nr) {
		struct range visible;

		if (!open->nr)
			at = in[next].start;
		while (next < nr && in[next].start <= at)
			open_push(open, &in[next++]);
		while (open->nr && open->v[0].end <= at)
			open_pop(open);
		if (!open->nr)
			continue;
		visible = open->v[0];
		visible.start = at;
		if (next < nr && in[next].start < visible.end)
			visible.end = in[next].start;
		at = visible.end;
		if (made && out[made - 1].order == visible.order &&
		    out[made - 1].end == visible.start)
			out[made - 1].end = visible.end;
		else
			out[made++] = visible;
	}
	return made;
}

/* Both lists in one, without what was added so long ago that there is no room for it. */
static size_t gather(struct ranges *ranges, struct range *all)
{
	uint32_t first = ranges->next > RANGES_MAX ? ranges->next - RANGES_MAX : 0;
	size_t nr = 0;

	for (size_t i = 0; i < ranges->nr + ranges->nr_recent; i++) {
		const struct range *range =
			i < ranges->nr ? &ranges->v[i] : &ranges->recent[i - ranges->nr];

		if (range->order >= first)
			all[nr++] = *range;
		else
			ranges->cut++;
	}
	return nr;
}

static int merge(struct ranges *ranges)
{
	size_t most = ranges->nr + ranges->nr_recent;
	struct range *all __freeing = calloc(most + 1, sizeof(*all));
	struct open open = { .v = calloc(most + 1, sizeof(*all)) };
	struct range *v = calloc(2 * most + 1, sizeof(*all)), *fit;
	size_t nr;

	if (!all || !open.v || !v) {
		free(open.v);
		free(v);
		return -ENOMEM;
	}
	nr = gather(ranges, all);
	qsort(all, nr, sizeof(*all), compare);
	nr = sweep(all, nr, &open, v);
	free(open.v);
	fit = reallocarray(v, nr + 1, sizeof(*v));
	free(ranges->v);
	ranges->v = fit ? fit : v;
	ranges->nr = nr;
	free(ranges->recent);
	ranges->recent = NULL;
	ranges->nr_recent = ranges->capacity = 0;
	return 0;
}

static bool is_long(const struct ranges *ranges)
{
	return ranges->nr_recent >= RECENT_ADDED && ranges->nr_recent >= ranges->nr;
}

int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t value)
{
	int err = is_long(ranges) ? merge(ranges) : 0;

	if (err)
		return err;
	if (ranges->nr_recent == ranges->capacity) {
		size_t capacity = ranges->capacity * 2 + 64;
		struct range *recent = reallocarray(ranges->recent, capacity, sizeof(*recent));

		if (!recent)
			return -ENOMEM;
		ranges->recent = recent;
		ranges->capacity = capacity;
	}
	ranges->recent[ranges->nr_recent++] = (struct range){
		.start = start,
		.end = end,
		.value = value,
		.order = ranges->next++,
	};
	return 0;
}

int ranges_settle(struct ranges *ranges)
{
	return ranges->nr_recent > RECENT_SEARCHED ? merge(ranges) : 0;
}

bool ranges_find(const struct ranges *ranges, uint64_t addr, struct range *out)
{
	size_t low = 0, high = ranges->nr;

	for (size_t i = ranges->nr_recent; i-- > 0;)
		if (ranges->recent[i].start <= addr && addr < ranges->recent[i].end) {
			*out = ranges->recent[i];
			return true;
		}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->v[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == ranges->nr || ranges->v[low].start > addr)
		return false;
	*out = ranges->v[low];
	return true;
}

int ranges_all(struct ranges *ranges, struct range **v, size_t *nr)
{
	int err = ranges->nr_recent ? merge(ranges) : 0;

	if (err)
		return err;
	*v = ranges->v;
	*nr = ranges->nr;
	return 0;
}

uint64_t ranges_cut(const struct ranges *ranges)
{
	return ranges->cut;
}

size_t ranges_bytes(const struct ranges *ranges)
{
	return sizeof(*ranges) + (ranges->nr + ranges->capacity) * sizeof(*ranges->v);
}

int ranges_new(struct ranges **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void ranges_free(struct ranges *ranges)
{
	if (!ranges)
		return;
	free(ranges->v);
	free(ranges->recent);
	free(ranges);
}
