// SPDX-License-Identifier: GPL-2.0-or-later
/* timeline.c - how intervals that overlap come to lie inside of each other or side by side. */
#include "output/timeline.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "output/match.h"

struct part {
	const struct slice *slice;
	uint64_t begin_ns;
	uint64_t end_ns; /* as it begins: the rest of its slice, which was somewhere */
	uint64_t ns;
	bool longest;
};

struct parts {
	struct part *v;
	size_t nr;
	uint64_t begin_ns; /* of the stall */
	uint64_t end_ns;
};

static uint64_t within(const struct parts *parts, uint64_t ns)
{
	if (ns < parts->begin_ns)
		return parts->begin_ns;
	return ns < parts->end_ns ? ns : parts->end_ns;
}

/* Its intervals, and a moment for what is in none of them. */
static void add_slice(struct parts *parts, const struct slice *slice)
{
	const struct intervals *intervals = &slice->intervals;
	struct part *longest = NULL;
	uint64_t left = slice->ns;

	for (size_t i = 0; i < intervals->nr; i++) {
		const struct interval *from = &intervals->v[i];
		struct part part = {
			.slice = slice,
			.begin_ns = within(parts, from->mono_ns),
			.end_ns = within(parts, add_saturated(from->mono_ns, from->ns)),
		};

		if (part.begin_ns == part.end_ns)
			continue;
		part.ns = part.end_ns - part.begin_ns < left ? part.end_ns - part.begin_ns : left;
		left -= part.ns;
		parts->v[parts->nr] = part;
		if (!longest || part.end_ns - part.begin_ns > longest->end_ns - longest->begin_ns)
			longest = &parts->v[parts->nr];
		parts->nr++;
	}
	if (longest)
		longest->longest = true;
	if (left) {
		uint64_t at_ns = within(parts, intervals->first_ns);

		parts->v[parts->nr++] = (struct part){ slice, at_ns, at_ns, left, !longest };
	}
}

/* One behind the other, as of recordings that do not say when they were. */
static void add_in_a_row(struct parts *parts, const struct slice *slice, uint64_t *at_ns)
{
	uint64_t end_ns = within(parts, add_saturated(*at_ns, slice->ns));

	if (!slice->ns)
		return;
	parts->v[parts->nr++] = (struct part){ slice, *at_ns, end_ns, slice->ns, true };
	*at_ns = end_ns;
}

/* What holds others comes before them. */
static int compare_parts(const void *left, const void *right)
{
	const struct part *a = left, *b = right;
	int order = compare_numbers(a->begin_ns, b->begin_ns);

	return order ? order : -compare_numbers(a->end_ns, b->end_ns);
}

static void put(struct timeline *timeline, enum timeline_kind kind, uint64_t mono_ns,
		const struct part *part)
{
	timeline->v[timeline->nr++] = (struct timeline_event){
		.kind = kind,
		.mono_ns = mono_ns,
		.slice = part->slice,
		.ns = kind == TIMELINE_END ? 0 : part->ns,
		.longest = part->longest,
	};
}

/*
 * What has ended before the next one, and what would end within it: that is of ticks
 * of a CPU, whose last one is taken to last until the next.
 */
static void end_before(struct timeline *timeline, struct part **open, size_t *nr,
		       const struct part *next)
{
	while (*nr &&
	       (open[*nr - 1]->end_ns <= next->begin_ns || open[*nr - 1]->end_ns < next->end_ns)) {
		struct part *inner = open[--*nr];

		put(timeline, TIMELINE_END,
		    inner->end_ns < next->begin_ns ? inner->end_ns : next->begin_ns, inner);
	}
}

static int nest(struct timeline *timeline, struct parts *parts)
{
	__freeing struct part **open = calloc(parts->nr + 1, sizeof(open[0]));
	size_t nr_open = 0;

	timeline->v = calloc(2 * parts->nr + 1, sizeof(timeline->v[0]));
	if (!open || !timeline->v)
		return -ENOMEM;
	if (parts->nr)
		qsort(parts->v, parts->nr, sizeof(parts->v[0]), compare_parts);
	for (size_t i = 0; i < parts->nr; i++) {
		struct part *part = &parts->v[i];

		end_before(timeline, open, &nr_open, part);
		if (part->begin_ns == part->end_ns) {
			put(timeline, TIMELINE_MOMENT, part->begin_ns, part);
			continue;
		}
		put(timeline, TIMELINE_BEGIN, part->begin_ns, part);
		open[nr_open++] = part;
	}
	while (nr_open) {
		nr_open--;
		put(timeline, TIMELINE_END, open[nr_open]->end_ns, open[nr_open]);
	}
	return 0;
}

static size_t most_parts(const struct slices *slices)
{
	size_t nr = slices->nr;

	for (size_t i = 0; i < slices->nr; i++)
		nr += slices->v[i].intervals.nr;
	return nr;
}

int timeline_make(struct timeline *timeline, const struct stall_record *stall,
		  const struct match *match)
{
	const struct slices *slices = &stall->slices;
	__freeing struct part *v = calloc(most_parts(slices) + 1, sizeof(v[0]));
	struct parts parts = {
		.v = v,
		.begin_ns = stall->mono_ns,
		.end_ns = add_saturated(stall->mono_ns, stall->duration_ns),
	};
	uint64_t at_ns = parts.begin_ns;
	int err;

	*timeline = (struct timeline){ .unordered = true };
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < slices->nr; i++)
		timeline->unordered &= !slices->v[i].intervals.nr;
	for (size_t i = 0; i < slices->nr; i++) {
		if (!match_stack(match, slices->v[i].stack))
			continue;
		if (timeline->unordered)
			add_in_a_row(&parts, &slices->v[i], &at_ns);
		else
			add_slice(&parts, &slices->v[i]);
	}
	err = nest(timeline, &parts);
	if (err)
		timeline_free(timeline);
	return err;
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->v);
	*timeline = (struct timeline){ 0 };
}
