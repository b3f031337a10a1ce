// SPDX-License-Identifier: GPL-2.0-or-later
/* compare.c - when a difference between two recordings is more than that between their minutes. */
#include "report/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

struct compare {
	struct diff_record record;
	struct diff_place *places;
	struct diff_stack *stacks;
};

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
	bool change = spread && spread_is_change(&before->spread, &after->spread);

	if (!before->fn || !after->fn) {
		place.change = after->fn ? DIFF_NEW : DIFF_GONE;
		place.chance = spread && !change;
	} else if (!spread) {
		place.change = DIFF_TOO_SHORT;
	} else if (!change) {
		place.change = DIFF_SAME;
	} else {
		place.change = spread_mean(&after->spread) > spread_mean(&before->spread)
				       ? DIFF_WORSE
				       : DIFF_BETTER;
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
	const struct diff_side sides[2] = { *survey_side(before), *survey_side(after) };
	const struct survey_place not_before = { .has_spread = true,
						 .spread = { .nr = sides[0].minutes } };
	const struct survey_place not_after = { .has_spread = true,
						.spread = { .nr = sides[1].minutes } };
	size_t nr_before = survey_nr_places(before), nr_after = survey_nr_places(after);
	size_t a = 0, b = 0, nr = 0;

	compare->places = calloc(nr_before + nr_after + 1, sizeof(compare->places[0]));
	if (!compare->places)
		return -ENOMEM;
	while (a < nr_before || b < nr_after) {
		struct survey_place old = not_before, new = not_after;
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
			judge(order > 0 ? &not_before : &old, order < 0 ? &not_after : &new, sides);
	}
	compare->record.places = compare->places;
	compare->record.nr_places = nr;
	return sort_places(compare, nr, sides);
}

/* -- what seconds say -- */

static enum diff_change judge_figure(const struct spread *before, const struct spread *after)
{
	if (before->nr < DIFF_MINUTES_LEAST || after->nr < DIFF_MINUTES_LEAST)
		return DIFF_TOO_SHORT;
	if (!spread_is_change(before, after))
		return DIFF_SAME;
	return spread_mean(after) > spread_mean(before) ? DIFF_WORSE : DIFF_BETTER;
}

static struct diff_cause compare_cause(const struct second_sums *before,
				       const struct second_sums *after, enum cause cause)
{
	struct spread old = second_sums_cause_spread(before, cause);
	struct spread new = second_sums_cause_spread(after, cause);
	struct diff_cause compared = {
		.change = judge_figure(&old, &new),
		.cause = cause,
		.before_ns = second_sums_cause_ns(before, cause),
		.after_ns = second_sums_cause_ns(after, cause),
	};

	if (!compared.before_ns || !compared.after_ns) {
		compared.chance = compared.change == DIFF_SAME;
		compared.change = compared.after_ns ? DIFF_NEW : DIFF_GONE;
	}
	return compared;
}

static int compare_causes(const void *left, const void *right)
{
	const struct diff_cause *a = left, *b = right;
	uint64_t most_a = a->before_ns > a->after_ns ? a->before_ns : a->after_ns;
	uint64_t most_b = b->before_ns > b->after_ns ? b->before_ns : b->after_ns;

	return -compare_numbers(most_a, most_b);
}

static void compare_seconds(struct diff_record *record, const struct second_sums *before,
			    const struct second_sums *after)
{
	static const unsigned int percents[DIFF_PERCENTILES] = { 50, 99 };

	record->before.has_seconds = second_sums_all(before)->nr;
	record->after.has_seconds = second_sums_all(after)->nr;
	memcpy(record->before.buckets, second_sums_all(before)->buckets,
	       sizeof(record->before.buckets));
	memcpy(record->after.buckets, second_sums_all(after)->buckets,
	       sizeof(record->after.buckets));
	if (!record->before.has_seconds || !record->after.has_seconds)
		return;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (second_sums_cause_ns(before, cause) || second_sums_cause_ns(after, cause))
			record->causes[record->nr_causes++] = compare_cause(before, after, cause);
	qsort(record->causes, record->nr_causes, sizeof(record->causes[0]), compare_causes);
	for (; record->nr_percentiles < DIFF_PERCENTILES; record->nr_percentiles++) {
		unsigned int percent = percents[record->nr_percentiles];
		struct spread old = second_sums_percentile_spread(before, percent);
		struct spread new = second_sums_percentile_spread(after, percent);

		record->percentiles[record->nr_percentiles] = (struct diff_percentile){
			.change = judge_figure(&old, &new),
			.percent = percent,
			.before_ns = second_sum_percentile_ns(second_sums_all(before), percent),
			.after_ns = second_sum_percentile_ns(second_sums_all(after), percent),
		};
	}
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
	compare_seconds(&compare->record, survey_seconds(before), survey_seconds(after));
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
