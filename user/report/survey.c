// SPDX-License-Identifier: GPL-2.0-or-later
/* survey.c - which time of a recording counts for a comparison, and for which place. */
#include "report/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/finals.h"
#include "model/frame_owner.h"
#include "model/place.h"
#include "output/folded_line.h"
#include "report/loop_numbers.h"
#include "report/places.h"
#include "report/watched.h"

#define MAX_STACKS	100000
#define MAX_STACK_BYTES (16u * 1024 * 1024)
#define BLOCKED_HALF_NS (5 * NS_PER_SEC) /* of the time that a blocked record is of */

struct survey {
	struct loop_numbers *loops;
	struct watched *watched;
	struct finals *finals;
	struct place_sums *places;
	struct second_sums *seconds;
	struct tally *stacks;
	struct diff_side side;
	char *hosts;
	uint64_t stacks_left_out;
	int error;
};

static void keep_error(struct survey *survey, int err)
{
	if (err && !survey->error)
		survey->error = err;
}

static int add_stack(struct survey *survey, const struct thread_id *id, const struct slice *slice)
{
	__freeing char *line = NULL;
	size_t size = 0;
	FILE *out;
	int err;

	if (!survey->stacks)
		return 0;
	out = open_memstream(&line, &size);
	if (!out)
		return -ENOMEM;
	err = folded_name(out, id->comm);
	fputc(';', out);
	err |= folded_stack(out, slice->stack, false);
	fprintf(out, "[%s]", cause_name(slice->cause));
	if (fclose(out) || err)
		return -ENOMEM;
	err = tally_add(survey->stacks, line, slice->ns, slice->count);
	survey->stacks_left_out += err == -ENOSPC;
	return err == -ENOSPC ? 0 : err;
}

/* placed: the stack that says where it was, if its own does not. */
static int add_slice(struct survey *survey, const struct thread_id *id, const struct slice *slice,
		     const struct stack *placed, struct both_clocks at)
{
	const struct frame *frame = place_of(slice->stack ? slice->stack : placed);
	int err = place_sums_add(survey->places, frame, slice, at);

	return err ? err : add_stack(survey, id, slice);
}

static int add_stall(void *context, const struct stall_record *stall)
{
	struct survey *survey = context;
	struct diff_side *side = &survey->side;
	const struct slice *place = stall_place(stall);
	const struct stack *placed = place ? place->stack : NULL;
	const struct both_clocks at = { stall->time_ns, stall->mono_ns };
	int err = 0;

	/* as --fail does */
	if (!stall->doubt) {
		side->stalls++;
		side->stalled_ns = add_saturated(side->stalled_ns, stall->duration_ns);
		for (int step = 0; step < DIFF_STEPS; step++)
			side->over[step] += stall->duration_ns > diff_step_ns[step];
		if (stall->duration_ns > side->longest_ns)
			side->longest_ns = stall->duration_ns;
		place_sums_stall(survey->places, place_of(placed), stall->cause);
	}
	for (size_t i = 0; i < stall->slices.nr && !err; i++)
		err = add_slice(survey, &stall->id, &stall->slices.v[i], placed, at);
	return err;
}

int survey_new(struct survey **out, bool stacks)
{
	struct survey *survey = calloc(1, sizeof(*survey));

	if (!survey)
		return -ENOMEM;
	if (loop_numbers_new(&survey->loops) || watched_new(&survey->watched) ||
	    finals_new(&survey->finals, add_stall, survey) || place_sums_new(&survey->places) ||
	    second_sums_new(&survey->seconds) ||
	    (stacks && tally_new(&survey->stacks, MAX_STACKS, MAX_STACK_BYTES))) {
		survey_free(survey);
		return -ENOMEM;
	}
	*out = survey;
	return 0;
}

void survey_free(struct survey *survey)
{
	if (!survey)
		return;
	loop_numbers_free(survey->loops);
	watched_free(survey->watched);
	finals_free(survey->finals);
	place_sums_free(survey->places);
	second_sums_free(survey->seconds);
	tally_free(survey->stacks);
	free(survey->hosts);
	free(survey);
}

/* -- records -- */

/* The one before, if there is one. */
static void end_recording(struct survey *survey)
{
	keep_error(survey, finals_end(survey->finals));
	keep_error(survey, watched_end(survey->watched));
}

static void take_start(void *context, const struct start_record *start)
{
	struct survey *survey = context;
	struct diff_side *side = &survey->side;

	end_recording(survey);
	keep_error(survey, loop_numbers_on_host(survey->loops, start->host));
	watched_begin(survey->watched, start->time_ns);
	if (!side->time_ns || start->time_ns < side->time_ns) {
		side->time_ns = start->time_ns;
		side->mono_ns = start->mono_ns;
		side->zone = zone_elsewhere(&start->zone, start->time_ns);
	}
	if (start->threshold_ns > side->threshold_ns)
		side->threshold_ns = start->threshold_ns;
}

/* At what a loop's time begins: when it was recognised, or when something came of it. */
static void see_loop(struct survey *survey, const struct thread_id *id, uint64_t from_ns,
		     uint64_t to_ns)
{
	size_t at = id->runtime ? loop_numbers_add(survey->loops, id) : LOOP_NUMBERS_NONE;

	keep_error(survey, watched_see(survey->watched, at, id->pid, from_ns, to_ns));
}

static void take_loop(void *context, const struct loop_record *loop)
{
	see_loop(context, &loop->id, loop->time_ns, loop->time_ns);
}

static void take_stall(void *context, const struct stall_record *stall)
{
	struct survey *survey = context;

	see_loop(survey, &stall->id, stall->time_ns,
		 add_saturated(stall->time_ns, stall->duration_ns));
	keep_error(survey, finals_stall(survey->finals, stall));
}

static void take_withdrawn(void *context, const struct withdrawn_record *withdrawn)
{
	struct survey *survey = context;

	finals_withdraw(survey->finals, withdrawn);
}

static void take_blocked(void *context, const struct blocked_record *blocked)
{
	struct survey *survey = context;
	const struct both_clocks at = {
		subtract_saturated(blocked->time_ns, BLOCKED_HALF_NS),
		subtract_saturated(blocked->mono_ns, BLOCKED_HALF_NS),
	};

	/* of --all-threads */
	if (!blocked->id.runtime)
		return;
	see_loop(survey, &blocked->id, blocked->time_ns, blocked->time_ns);
	for (size_t i = 0; i < blocked->slices.nr; i++)
		/* time on a CPU is lost in stalls only */
		if (!slice_is_cpu(&blocked->slices.v[i]))
			keep_error(survey, add_slice(survey, &blocked->id, &blocked->slices.v[i],
						     NULL, at));
}

static void take_second(void *context, const struct second_record *second)
{
	struct survey *survey = context;

	see_loop(survey, &second->id, second->time_ns,
		 add_saturated(second->time_ns, second_ns(second)));
	keep_error(survey, second_sums_add(survey->seconds, second));
}

static void take_exit(void *context, const struct exit_record *exited)
{
	struct survey *survey = context;

	watched_exit(survey->watched, exited->pid, exited->time_ns);
}

static void take_summary(void *context, const struct summary_record *summary)
{
	struct survey *survey = context;
	struct diff_side *side = &survey->side;

	watched_until(survey->watched, summary->time_ns);
	for (size_t i = 0; i < summary->nr_loops; i++) {
		const struct loop_summary *loop = &summary->loops[i];
		size_t at = loop_numbers_add(survey->loops, &loop->id);

		watched_sum(survey->watched, at, loop->wall_ns);
		side->turns = add_saturated(side->turns, loop->turns);
		if (loop->longest_ns > side->longest_ns)
			side->longest_ns = loop->longest_ns;
		if (loop->p50_ns > side->p50_ns)
			side->p50_ns = loop->p50_ns;
		if (loop->p99_ns > side->p99_ns)
			side->p99_ns = loop->p99_ns;
	}
}

struct recording_reader survey_reader(struct survey *survey)
{
	return (struct recording_reader){
		.context = survey,
		.start = take_start,
		.loop = take_loop,
		.stall = take_stall,
		.withdrawn = take_withdrawn,
		.blocked = take_blocked,
		.second = take_second,
		.exit = take_exit,
		.summary = take_summary,
	};
}

/* -- what it amounts to -- */

static int join_hosts(struct survey *survey)
{
	size_t size = 0;
	FILE *out = open_memstream(&survey->hosts, &size);
	const char *between = "";

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < loop_numbers_hosts(survey->loops); i++) {
		const char *name = loop_numbers_host_name(survey->loops, i);

		if (name)
			fprintf(out, "%s%s", between, name);
		if (name)
			between = ", ";
	}
	if (fclose(out))
		return -ENOMEM;
	survey->side.hosts = *survey->hosts ? survey->hosts : NULL;
	return 0;
}

int survey_finish(struct survey *survey)
{
	struct minutes minutes = { 0 };

	end_recording(survey);
	keep_error(survey, join_hosts(survey));
	keep_error(survey, watched_minutes(survey->watched, &minutes));
	survey->side.minutes = minutes.whole;
	survey->side.loops = loop_numbers_nr(survey->loops);
	survey->side.loop_ns = watched_ns(survey->watched);
	place_sums_finish(survey->places, &minutes);
	minutes_free(&minutes);
	return survey->error;
}

size_t survey_nr_places(const struct survey *survey)
{
	return place_sums_nr(survey->places);
}

struct survey_place survey_place(const struct survey *survey, size_t at)
{
	return place_sums_at(survey->places, at);
}

int survey_place_compare(const struct survey_place *a, const struct survey_place *b)
{
	int order = strcmp(a->fn, b->fn);

	return order ? order : compare_strings(a->file, b->file);
}

const struct diff_side *survey_side(const struct survey *survey)
{
	return &survey->side;
}

const struct second_sums *survey_seconds(const struct survey *survey)
{
	return survey->seconds;
}

struct tally *survey_stacks(struct survey *survey)
{
	return survey->stacks;
}

uint64_t survey_left_out(const struct survey *survey)
{
	return add_saturated(survey->stacks_left_out, place_sums_left_out(survey->places));
}
