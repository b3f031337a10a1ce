// SPDX-License-Identifier: GPL-2.0-or-later
/* interval.c - which parts of a slice are kept, and which of them are one. */
#include "model/interval.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static uint64_t end_of(const struct interval *interval)
{
	return add_saturated(interval->mono_ns, interval->ns);
}

/* The part of both that is later begins where the other one ends, or shortly after. */
static bool join(struct interval *known, const struct interval *next, uint64_t gap_ns)
{
	uint64_t end_ns = end_of(known);

	if (!gap_ns || next->mono_ns < known->mono_ns ||
	    next->mono_ns > add_saturated(end_ns, gap_ns))
		return false;
	if (end_of(next) > end_ns)
		known->ns = end_of(next) - known->mono_ns;
	return true;
}

static struct interval *shortest(const struct intervals *intervals)
{
	struct interval *least = &intervals->v[0];

	for (size_t i = 1; i < intervals->nr; i++)
		if (intervals->v[i].ns < least->ns)
			least = &intervals->v[i];
	return least;
}

/* Room for one more, in steps: most slices have one only. */
static bool make_room(struct intervals *intervals)
{
	size_t nr = intervals->nr;
	struct interval *v;

	if (nr && (nr & (nr - 1)))
		return true;
	v = reallocarray(intervals->v, nr ? 2 * nr : 1, sizeof(*v));
	if (v)
		intervals->v = v;
	return v;
}

void intervals_add(struct intervals *intervals, struct interval interval, uint64_t gap_ns)
{
	struct interval *least;

	if (!intervals->first_ns || interval.mono_ns < intervals->first_ns)
		intervals->first_ns = interval.mono_ns;
	for (size_t i = intervals->nr; i-- > 0;)
		if (join(&intervals->v[i], &interval, gap_ns))
			return;
	if (intervals->nr == INTERVALS_MAX) {
		least = shortest(intervals);
		if (interval.ns > least->ns)
			*least = interval;
	} else if (make_room(intervals)) {
		intervals->v[intervals->nr++] = interval;
	}
}

void intervals_take(struct intervals *intervals, struct intervals *from, uint64_t gap_ns)
{
	for (size_t i = 0; i < from->nr; i++)
		intervals_add(intervals, from->v[i], gap_ns);
	if (from->first_ns && (!intervals->first_ns || from->first_ns < intervals->first_ns))
		intervals->first_ns = from->first_ns;
	intervals_free(from);
}

static uint64_t within(uint64_t ns, uint64_t from_ns, uint64_t to_ns)
{
	if (ns < from_ns)
		return from_ns;
	return ns < to_ns ? ns : to_ns;
}

void intervals_clip(struct intervals *intervals, uint64_t from_ns, uint64_t to_ns)
{
	size_t kept = 0;

	if (intervals->first_ns)
		intervals->first_ns = within(intervals->first_ns, from_ns, to_ns);
	for (size_t i = 0; i < intervals->nr; i++) {
		uint64_t begin_ns = within(intervals->v[i].mono_ns, from_ns, to_ns);
		uint64_t end_ns = within(end_of(&intervals->v[i]), from_ns, to_ns);

		if (end_ns > begin_ns)
			intervals->v[kept++] = (struct interval){ begin_ns, end_ns - begin_ns };
	}
	intervals->nr = kept;
}

static int compare(const void *left, const void *right)
{
	const struct interval *a = left, *b = right;
	int order = compare_numbers(a->mono_ns, b->mono_ns);

	return order ? order : compare_numbers(a->ns, b->ns);
}

void intervals_sort(struct intervals *intervals)
{
	if (intervals->nr)
		qsort(intervals->v, intervals->nr, sizeof(intervals->v[0]), compare);
}

int intervals_copy(struct intervals *to, const struct intervals *from)
{
	size_t room = 1;

	*to = (struct intervals){ .first_ns = from->first_ns };
	if (!from->nr)
		return 0;
	/* room as intervals_add() expects it */
	while (room < from->nr)
		room *= 2;
	to->v = calloc(room, sizeof(to->v[0]));
	if (!to->v)
		return -ENOMEM;
	memcpy(to->v, from->v, from->nr * sizeof(from->v[0]));
	to->nr = from->nr;
	return 0;
}

void intervals_free(struct intervals *intervals)
{
	free(intervals->v);
	*intervals = (struct intervals){ 0 };
}
