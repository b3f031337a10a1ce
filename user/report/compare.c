// SPDX-License-Identifier: GPL-2.0-or-later
/* compare.c - when a difference between two recordings is more than that between their minutes. */
#include "report/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LEAST_CHANGE 0.05 /* a smaller part of the larger one is none, however sure */

struct compare {
	struct diff_record record;
	struct diff_place *places;
	struct diff_stack *stacks;
};

/* What Student's t exceeds by chance once in a hundred times, either way. */
static double t_of(double freedom)
{
	static const struct {
		double freedom, t;
	} table[] = {
		{ 100, 2.63 }, { 60, 2.66 }, { 30, 2.75 }, { 20, 2.85 }, { 15, 2.95 }, { 12, 3.05 },
		{ 10, 3.17 },  { 8, 3.36 },  { 7, 3.50 },  { 6, 3.71 },	 { 5, 4.03 },  { 4, 4.60 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (freedom >= table[i].freedom)
			return table[i].t;
	return 5.84;
}

static double absolute(double value)
{
	return value < 0 ? -value : value;
}

/* Welch's test of two means. */
static bool is_change(const struct survey_place *before, const struct survey_place *after,
		      const struct diff_side sides[2])
{
	double apart = absolute(after->mean - before->mean);
	double larger = after->mean > before->mean ? after->mean : before->mean;
	double nr[2] = { (double)sides[0].minutes, (double)sides[1].minutes };
	double a = before->variance / nr[0], b = after->variance / nr[1], freedom;

	if (apart <= larger * LEAST_CHANGE)
		return false;
	if (a + b <= 0)
		return true;
	freedom = (a + b) * (a + b) / (a * a / (nr[0] - 1) + b * b / (nr[1] - 1));
	/* both squared: no root is needed */
	return apart * apart > t_of(freedom) * t_of(freedom) * (a + b);
}

static bool is_long(const struct diff_side sides[2])
{
	return sides[0].minutes >= DIFF_MINUTES_LEAST && sides[1].minutes >= DIFF_MINUTES_LEAST;
}

/* One of them has no name where the place is not in that recording. */
static struct diff_place judge(const struct survey_place *before, const struct survey_place *after,
			       const struct diff_side sides[2])
{
	const struct survey_place *more =
		diff_hour_ns(&sides[0], before->ns) > diff_hour_ns(&sides[1], after->ns) ? before
											 : after;
	struct diff_place place = {
		.fn = more->fn ? more->fn : before->fn,
		.file = more->fn ? more->file : before->file,
		.cause = more->cause,
		.before = { before->ns, before->stalls },
		.after = { after->ns, after->stalls },
	};
	bool spread = is_long(sides) && (!before->fn || before->has_spread) &&
		      (!after->fn || after->has_spread);
	bool change = spread && is_change(before, after, sides);

	if (!before->fn || !after->fn) {
		place.change = after->fn ? DIFF_NEW : DIFF_GONE;
		place.chance = spread && !change;
	} else if (!spread) {
		place.change = DIFF_TOO_SHORT;
	} else if (!change) {
		place.change = DIFF_SAME;
	} else {
		place.change = after->mean > before->mean ? DIFF_WORSE : DIFF_BETTER;
	}
	return place;
}

/* -- sorting, for which the sides' lengths are needed -- */

struct sorted {
	struct diff_place place;
	uint64_t apart_ns;
};

static int compare_sorted(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;

	if (a->place.change != b->place.change)
		return a->place.change < b->place.change ? -1 : 1;
	if (a->place.chance != b->place.chance)
		return a->place.chance ? 1 : -1;
	if (a->apart_ns != b->apart_ns)
		return a->apart_ns < b->apart_ns ? 1 : -1;
	return strcmp(a->place.fn, b->place.fn);
}

static int sort_places(struct compare *compare, size_t nr, const struct diff_side sides[2])
{
	struct sorted *sorted = calloc(nr + 1, sizeof(sorted[0]));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		const struct diff_place *place = &compare->places[i];
		uint64_t before = diff_hour_ns(&sides[0], place->before.ns);
		uint64_t after = diff_hour_ns(&sides[1], place->after.ns);

		sorted[i].place = *place;
		sorted[i].apart_ns = before > after ? before - after : after - before;
	}
	qsort(sorted, nr, sizeof(sorted[0]), compare_sorted);
	for (size_t i = 0; i < nr; i++)
		compare->places[i] = sorted[i].place;
	free(sorted);
	return 0;
}

static int compare_places(struct compare *compare, const struct survey *before,
			  const struct survey *after)
{
	static const struct survey_place none = { .has_spread = true };
	const struct diff_side sides[2] = { *survey_side(before), *survey_side(after) };
	size_t nr_before = survey_nr_places(before), nr_after = survey_nr_places(after);
	size_t a = 0, b = 0, nr = 0;

	compare->places = calloc(nr_before + nr_after + 1, sizeof(compare->places[0]));
	if (!compare->places)
		return -ENOMEM;
	while (a < nr_before || b < nr_after) {
		struct survey_place old = none, new = none;
		int order = a == nr_before ? 1 : -1;

		if (a < nr_before)
			old = survey_place(before, a);
		if (b < nr_after)
			new = survey_place(after, b);
		if (a < nr_before && b < nr_after)
			order = survey_place_compare(&old, &new);
		a += order <= 0;
		b += order >= 0;
		compare->places[nr++] =
			judge(order > 0 ? &none : &old, order < 0 ? &none : &new, sides);
	}
	compare->record.places = compare->places;
	compare->record.nr_places = nr;
	return sort_places(compare, nr, sides);
}

static uint64_t hour_us(const struct survey *survey, uint64_t ns)
{
	return diff_hour_ns(survey_side(survey), ns) / NS_PER_US;
}

static int compare_stacks(struct compare *compare, struct survey *before, struct survey *after)
{
	struct tally *tallies[2] = { survey_stacks(before), survey_stacks(after) };
	const struct tally_entry *const *old, *const *new;
	size_t a = 0, b = 0, nr_before, nr_after, nr = 0;

	if (!tallies[0] || !tallies[1])
		return 0;
	nr_before = tally_size(tallies[0]);
	nr_after = tally_size(tallies[1]);
	old = tally_by_key(tallies[0]);
	new = tally_by_key(tallies[1]);
	compare->stacks = calloc(nr_before + nr_after + 1, sizeof(compare->stacks[0]));
	if (!compare->stacks)
		return -ENOMEM;
	while (a < nr_before || b < nr_after) {
		int order = a == nr_before  ? 1
			    : b == nr_after ? -1
					    : strcmp(old[a]->key, new[b]->key);
		struct diff_stack *stack = &compare->stacks[nr];

		*stack = (struct diff_stack){ .line = order > 0 ? new[b]->key : old[a]->key };
		if (order <= 0)
			stack->before_us = hour_us(before, old[a++]->ns);
		if (order >= 0)
			stack->after_us = hour_us(after, new[b++]->ns);
		nr += stack->before_us || stack->after_us;
	}
	compare->record.stacks = compare->stacks;
	compare->record.nr_stacks = nr;
	return 0;
}

int compare_new(struct compare **out, struct survey *before, struct survey *after)
{
	struct compare *compare = calloc(1, sizeof(*compare));

	if (!compare)
		return -ENOMEM;
	compare->record.before = *survey_side(before);
	compare->record.after = *survey_side(after);
	compare->record.mono_ns = compare->record.after.mono_ns;
	compare->record.time_ns = compare->record.after.time_ns;
	if (compare_places(compare, before, after) || compare_stacks(compare, before, after)) {
		compare_free(compare);
		return -ENOMEM;
	}
	*out = compare;
	return 0;
}

void compare_free(struct compare *compare)
{
	if (!compare)
		return;
	free(compare->places);
	free(compare->stacks);
	free(compare);
}

const struct diff_record *compare_record(const struct compare *compare)
{
	return &compare->record;
}
