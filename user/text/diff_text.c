// SPDX-License-Identifier: GPL-2.0-or-later
/* diff_text.c - which of a comparison's places are shown, and what is said about how sure it is. */
#include "text/diff_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "model/second.h"
#include "text/words.h"
#include "text/wrap.h"

#define SHOWN	  20 /* places of one change */
#define CONTINUED 6
#define RARE	  1000 /* of all lost time: a place with a smaller part is left out, but with -v */

/* "old  2024-05-01 12:00:00 on web1: 2 loops, 24.0 s of them in all, turns over 100 ms" */
static int print_side(FILE *out, const char *name, const struct diff_side *side,
		      const struct look *look)
{
	__freeing char *hosts = escape_text(side->hosts ? side->hosts : "?");
	char when[TIME_BYTES], watched[DURATION_BYTES], threshold[DURATION_BYTES];

	if (!hosts)
		return -ENOMEM;
	words_day_and_time(&side->zone, side->time_ns, when);
	words_duration(side->loop_ns, watched);
	words_duration(side->threshold_ns, threshold);
	return wrap_printf(out, CONTINUED, look,
			   "%s  %s on %s: %" PRIu64 " loop%s, watched for %s%s, turns over %s",
			   name, when, hosts, side->loops, side->loops == 1 ? "" : "s", watched,
			   side->loops == 1 ? "" : " in all", threshold);
}

static const char *const words[DIFF_CHANGE_NR] = {
	[DIFF_NEW] = "new",	  [DIFF_GONE] = "gone",	     [DIFF_WORSE] = "worse",
	[DIFF_BETTER] = "better", [DIFF_SAME] = "as it was", [DIFF_TOO_SHORT] = "in both",
};

const char *diff_words(enum diff_change change)
{
	return words[change];
}

/* A row of two figures, and perhaps what is to be said of them. */
static void print_judged(FILE *out, const char *name, const char *before, const char *after,
			 const char *judged)
{
	fprintf(out, "  %-28s %14s %14s%s%s\n", name, before, after, *judged ? "  " : "", judged);
}

static void print_row(FILE *out, const char *name, const char *before, const char *after)
{
	print_judged(out, name, before, after, "");
}

static double in_hour(const struct diff_side *side, uint64_t count)
{
	return side->loop_ns ? (double)count * 3600 * NS_PER_SEC / (double)side->loop_ns : 0;
}

static void print_counts(FILE *out, const char *name, const struct diff_record *diff,
			 uint64_t before, uint64_t after)
{
	char old[DURATION_BYTES], new[DURATION_BYTES];

	snprintf(old, sizeof(old), "%.1f", in_hour(&diff->before, before));
	snprintf(new, sizeof(new), "%.1f", in_hour(&diff->after, after));
	print_row(out, name, old, new);
}

/* 0 is not known. */
static void print_times(FILE *out, const char *name, uint64_t before, uint64_t after)
{
	char old[DURATION_BYTES], new[DURATION_BYTES];

	words_duration(before, old);
	words_duration(after, new);
	print_row(out, name, before ? old : "-", after ? new : "-");
}

/* Those in buckets from one on. */
static uint64_t turns_from(const struct diff_side *side, unsigned int bucket)
{
	uint64_t turns = 0;

	for (; bucket < SECOND_BUCKETS; bucket++)
		turns += side->buckets[bucket];
	return turns;
}

/* Turns below the first step of stalls, each eight times as long. */
static void print_short_turns(FILE *out, const struct diff_record *diff)
{
	if (!diff->nr_percentiles)
		return;
	for (unsigned int bucket = 0; second_upper_ns(bucket) < diff_step_ns[0]; bucket += 3) {
		char longer[DURATION_BYTES], name[DURATION_BYTES + 16];

		words_duration(second_upper_ns(bucket), longer);
		snprintf(name, sizeof(name), "  from %s on", longer);
		print_counts(out, name, diff, turns_from(&diff->before, bucket + 1),
			     turns_from(&diff->after, bucket + 1));
	}
}

static void print_judged_times(FILE *out, const char *name, const uint64_t ns[2],
			       const char *judged)
{
	char old[DURATION_BYTES], new[DURATION_BYTES];

	words_duration(ns[0], old);
	words_duration(ns[1], new);
	print_judged(out, name, old, new, judged);
}

/* "   p99 of all loops, about           17 ms          8.4 ms  better" */
static void print_seconds(FILE *out, const struct diff_record *diff)
{
	for (size_t i = 0; i < diff->nr_percentiles; i++) {
		const struct diff_percentile *one = &diff->percentiles[i];
		const uint64_t ns[2] = { one->before_ns, one->after_ns };
		char name[40];

		snprintf(name, sizeof(name), "  p%u of all loops, about", one->percent);
		print_judged_times(out, name, ns,
				   one->change == DIFF_TOO_SHORT ? "" : words[one->change]);
	}
	if (diff->nr_causes)
		print_row(out, "time of all turns", "", "");
	for (size_t i = 0; i < diff->nr_causes; i++) {
		const struct diff_cause *one = &diff->causes[i];
		const uint64_t ns[2] = { diff_hour_ns(&diff->before, one->before_ns),
					 diff_hour_ns(&diff->after, one->after_ns) };
		char name[40];

		snprintf(name, sizeof(name), "  %s", cause_name(one->cause));
		print_judged_times(out, name, ns,
				   one->change == DIFF_TOO_SHORT ? ""
				   : one->chance		 ? "perhaps chance"
								 : words[one->change]);
	}
}

static void print_figures(FILE *out, const struct diff_record *diff)
{
	const struct diff_side *before = &diff->before, *after = &diff->after;

	print_row(out, "in an hour of one loop", "old", "new");
	print_counts(out, "turns", diff, before->turns, after->turns);
	print_short_turns(out, diff);
	print_counts(out, "stalls", diff, before->stalls, after->stalls);
	for (int step = 0; step < DIFF_STEPS; step++) {
		char longer[DURATION_BYTES], name[DURATION_BYTES + 16];

		if (!before->over[step] && !after->over[step])
			break;
		words_duration(diff_step_ns[step], longer);
		snprintf(name, sizeof(name), "  over %s", longer);
		print_counts(out, name, diff, before->over[step], after->over[step]);
	}
	print_times(out, "time in stalls", diff_hour_ns(before, before->stalled_ns),
		    diff_hour_ns(after, after->stalled_ns));
	print_row(out, "of the turns", "", "");
	print_times(out, "  longest", before->longest_ns, after->longest_ns);
	print_times(out, "  p99 of the worst loop", before->p99_ns, after->p99_ns);
	print_times(out, "  p50 of the worst loop", before->p50_ns, after->p50_ns);
	print_seconds(out, diff);
}

int diff_print_limits(FILE *out, const struct diff_record *diff, const struct look *look)
{
	const struct diff_side *before = &diff->before, *after = &diff->after;
	int err = 0;

	if (!before->loop_ns || !after->loop_ns)
		err = wrap_printf(
			out, CONTINUED, look,
			"no loop was watched in the %s recording: nothing can be compared",
			before->loop_ns ? "new" : "old");
	else if (before->minutes < DIFF_MINUTES_LEAST || after->minutes < DIFF_MINUTES_LEAST)
		err = wrap_printf(out, CONTINUED, look,
				  "under %d minutes: new and gone are what was seen and what was "
				  "not; what is worse or better is too short to tell from chance",
				  DIFF_MINUTES_LEAST);
	if (!err && before->threshold_ns != after->threshold_ns)
		err = wrap_printf(out, CONTINUED, look,
				  "their thresholds differ: stalls of one may be no stalls of the "
				  "other");
	return err;
}

static bool is_rare(const struct diff_record *diff, const struct diff_place *place,
		    const uint64_t all_ns[2])
{
	return diff_hour_ns(&diff->before, place->before.ns) <= all_ns[0] / RARE &&
	       diff_hour_ns(&diff->after, place->after.ns) <= all_ns[1] / RARE;
}

/* "gone   do_io (bad.py): sleep, 25 min 0 s an hour and 300.0 stalls before" */
static int print_place(FILE *out, const struct diff_record *diff, const struct diff_place *place,
		       const struct look *look)
{
	__freeing char *fn = escape_text(place->fn);
	__freeing char *file = escape_text(place->file ? place->file : "");
	char before[DURATION_BYTES], after[DURATION_BYTES];

	if (!fn || !file)
		return -ENOMEM;
	words_duration(diff_hour_ns(&diff->before, place->before.ns), before);
	words_duration(diff_hour_ns(&diff->after, place->after.ns), after);
	return wrap_printf(out, CONTINUED, look,
			   "%-9s %s%s%s%s: %s, %s -> %s, stalls %.1f -> %.1f%s",
			   words[place->change], fn, *file ? " (" : "", file, *file ? ")" : "",
			   cause_name(place->cause), before, after,
			   in_hour(&diff->before, place->before.stalls),
			   in_hour(&diff->after, place->after.stalls),
			   place->chance ? "; too rare to tell from chance" : "");
}

static int print_places(FILE *out, const struct diff_record *diff, const struct look *look)
{
	uint64_t all_ns[2] = { 0, 0 }, left_out = 0;
	size_t shown[DIFF_CHANGE_NR] = { 0 };
	int err = 0;

	for (size_t i = 0; i < diff->nr_places; i++) {
		all_ns[0] += diff_hour_ns(&diff->before, diff->places[i].before.ns);
		all_ns[1] += diff_hour_ns(&diff->after, diff->places[i].after.ns);
	}
	for (size_t i = 0; i < diff->nr_places && !err; i++) {
		const struct diff_place *place = &diff->places[i];

		if (!look->unfold &&
		    (shown[place->change] == SHOWN || is_rare(diff, place, all_ns))) {
			left_out++;
			continue;
		}
		shown[place->change]++;
		err = print_place(out, diff, place, look);
	}
	if (left_out && !err)
		err = wrap_printf(out, CONTINUED, look,
				  "and %" PRIu64 " more place%s with less time (-v shows all)",
				  left_out, left_out == 1 ? "" : "s");
	if (!diff->nr_places)
		fputs("no time was lost in either\n", out);
	return err;
}

int diff_print(FILE *out, const struct diff_record *diff, const struct look *look)
{
	int err = print_side(out, "old", &diff->before, look);

	if (!err)
		err = print_side(out, "new", &diff->after, look);
	if (!err)
		err = diff_print_limits(out, diff, look);
	if (err)
		return err;
	fputc('\n', out);
	print_figures(out, diff);
	fputc('\n', out);
	return print_places(out, diff, look);
}
