// SPDX-License-Identifier: GPL-2.0-or-later
/* hour.c - how fine the steps of an hour are, and which records are kept of it. */
#include "web/hour.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "output/match.h"
#include "recording/encode.h"
#include "web/kept_lines.h"
#include "web/loop_steps.h"

/* A screen has no more columns than a loop has steps, where there are few loops. */
#define HOUR_NS	      (WEB_LAST_MAX * NS_PER_SEC)
#define STEPS_WANTED  6000 /* of all loops together */
#define STEPS_MAX     8000
#define STEPS_BYTES   (6u << 20)
#define STEP_MIN_NS   (4 * NS_PER_SEC)
#define BLOCKED_MAX   8000
#define BLOCKED_BYTES (2u << 20)
#define LOOPS_MAX     2000
#define LOOPS_BYTES   (1u << 20)
#define UNSEEN_MAX    128 /* recordings, each of half a minute at least */
#define UNSEEN_BYTES  (256u << 10)
/* Loops are reported again with each recording, which is an hour long. */
#define LOOPS_NS (HOUR_NS + 5 * 60 * NS_PER_SEC)
/* The last moments, step by step, are kept while somebody looks at them. */
#define MOMENTS_NS    (WEB_MOMENTS_MAX * NS_PER_SEC)
#define LIVE_STEP_NS  (2 * NS_PER_SEC)
#define LIVE_BYTES    (2u << 20)
#define LIVE_MAX      6000
#define LOOKED_FOR_NS (10 * NS_PER_SEC)

/* Seconds that become lines of JSON step by step. */
struct steps {
	struct loop_steps *now;
	struct kept_lines *lines;
	uint64_t until_ns; /* CLOCK_MONOTONIC */
};

struct hour {
	struct steps all, live;
	uint64_t looked_ns; /* CLOCK_MONOTONIC; 0: nobody looks */
	uint64_t live_since_ns; /* since when somebody does, CLOCK_REALTIME */
	struct kept_lines *loops, *blocked;
	struct kept_lines *unseen; /* summaries of recordings, without loops */
	const struct match *match;
	int64_t offset_ns; /* timestamp_of() */
};

int hour_new(struct hour **out)
{
	struct hour *hour = calloc(1, sizeof(*hour));
	int err;

	*out = hour;
	if (!hour)
		return -ENOMEM;
	err = loop_steps_new(&hour->all.now);
	err = err ? err : loop_steps_new(&hour->live.now);
	err = err ? err : kept_lines_new(&hour->all.lines, STEPS_MAX, STEPS_BYTES);
	err = err ? err : kept_lines_new(&hour->live.lines, LIVE_MAX, LIVE_BYTES);
	err = err ? err : kept_lines_new(&hour->loops, LOOPS_MAX, LOOPS_BYTES);
	err = err ? err : kept_lines_new(&hour->unseen, UNSEEN_MAX, UNSEEN_BYTES);
	return err ? err : kept_lines_new(&hour->blocked, BLOCKED_MAX, BLOCKED_BYTES);
}

void hour_free(struct hour *hour)
{
	if (!hour)
		return;
	loop_steps_free(hour->all.now);
	loop_steps_free(hour->live.now);
	kept_lines_free(hour->all.lines);
	kept_lines_free(hour->live.lines);
	kept_lines_free(hour->loops);
	kept_lines_free(hour->unseen);
	kept_lines_free(hour->blocked);
	free(hour);
}

void hour_new_watch(struct hour *hour, const struct match *match)
{
	hour->match = match;
}

/* -- lines -- */

static int copy_line(void *context, const char *text, size_t bytes)
{
	struct line *line = context;

	line->text = malloc(bytes);
	if (!line->text)
		return -ENOMEM;
	memcpy(line->text, text, bytes);
	line->bytes = bytes;
	return 0;
}

static uint64_t time_of(struct hour *hour, uint64_t mono_ns, uint64_t time_ns)
{
	return time_ns ? time_ns : timestamp_of(&hour->offset_ns, mono_ns);
}

void hour_loop(struct hour *hour, const struct loop_record *loop)
{
	struct loop_record timed = *loop;
	struct line line = { 0 };
	const struct line_writer to = { .write = copy_line, .context = &line };

	timed.time_ns = time_of(hour, loop->mono_ns, loop->time_ns);
	line.begin_ns = line.end_ns = timed.time_ns;
	encode_loop(&to, &timed);
	kept_lines_add(hour->loops, &line);
}

void hour_recorded(struct hour *hour, const struct summary_record *summary)
{
	/* processes that are there still are counted in the next one, too */
	struct summary_record timed = {
		.mono_ns = summary->mono_ns,
		.time_ns = time_of(hour, summary->mono_ns, summary->time_ns),
		.duration_ns = summary->duration_ns,
		.lost = summary->lost,
		.nr_lost = summary->nr_lost,
		.discarded = summary->discarded,
		.nr_discarded = summary->nr_discarded,
		.command_status = -1,
	};
	struct line line = {
		.begin_ns = subtract_saturated(timed.time_ns, summary->duration_ns),
		.end_ns = timed.time_ns,
	};
	const struct line_writer to = { .write = copy_line, .context = &line };

	if (!summary->nr_lost && !summary->nr_discarded)
		return;
	encode_summary(&to, &timed);
	kept_lines_add(hour->unseen, &line);
}

static void add_blocked(struct hour *hour, const struct blocked_record *blocked)
{
	struct line line = { .begin_ns = blocked->time_ns, .end_ns = blocked->time_ns };
	const struct line_writer to = { .write = copy_line, .context = &line };

	encode_blocked(&to, blocked);
	kept_lines_add(hour->blocked, &line);
}

void hour_blocked(struct hour *hour, const struct blocked_record *blocked)
{
	struct blocked_record timed = *blocked;
	struct slices matching;

	timed.time_ns = time_of(hour, blocked->mono_ns, blocked->time_ns);
	if (!hour->match) {
		add_blocked(hour, &timed);
		return;
	}
	if (match_copy(hour->match, &matching, &blocked->slices))
		return;
	timed.slices = matching;
	if (matching.nr)
		add_blocked(hour, &timed);
	slices_free(&matching);
}

/* -- steps -- */

static bool is_looked_at(const struct hour *hour, uint64_t now_ns)
{
	return hour->looked_ns && now_ns - hour->looked_ns < LOOKED_FOR_NS;
}

void hour_second(struct hour *hour, const struct second_record *second)
{
	struct second_record timed = *second;

	timed.time_ns = time_of(hour, second->mono_ns, second->time_ns);
	loop_steps_add(hour->all.now, &timed);
	if (hour->looked_ns)
		loop_steps_add(hour->live.now, &timed);
}

static uint64_t end_of(const struct second_record *second)
{
	return second->time_ns + ledger_sum(&second->ledger) + second->idle_ns;
}

static void end_step(struct steps *steps)
{
	for (size_t i = 0; i < loop_steps_nr(steps->now); i++) {
		const struct second_record *second = loop_steps_at(steps->now, i);
		struct line line = { .begin_ns = second->time_ns, .end_ns = end_of(second) };
		const struct line_writer to = { .write = copy_line, .context = &line };

		encode_second(&to, second);
		kept_lines_add(steps->lines, &line);
	}
	loop_steps_clear(steps->now);
}

/* So long that an hour of all these loops has room. */
static uint64_t step_of(size_t loops)
{
	uint64_t step_ns = loops * (HOUR_NS / STEPS_WANTED);

	return step_ns < STEP_MIN_NS ? STEP_MIN_NS : step_ns;
}

void hour_tick(struct hour *hour, uint64_t now_ns)
{
	if (now_ns >= hour->all.until_ns) {
		hour->all.until_ns = now_ns + step_of(loop_steps_nr(hour->all.now));
		end_step(&hour->all);
	}
	if (hour->looked_ns && !is_looked_at(hour, now_ns)) {
		hour->looked_ns = 0;
		loop_steps_clear(hour->live.now);
	} else if (hour->looked_ns && now_ns >= hour->live.until_ns) {
		hour->live.until_ns = now_ns + LIVE_STEP_NS;
		end_step(&hour->live);
	}
}

/* -- what was asked for -- */

/* Where the oldest recording began of which it is known what an hour lacks. */
static uint64_t unseen_since_ns(const struct hour *hour, const struct summary_record *unseen,
				uint64_t now_ns)
{
	uint64_t since_ns = subtract_saturated(now_ns, unseen->duration_ns);

	for (size_t i = 0; i < kept_lines_nr(hour->unseen); i++) {
		const struct line *line = kept_lines_at(hour->unseen, i);

		if (line->end_ns >= now_ns - HOUR_NS && line->begin_ns < since_ns)
			since_ns = line->begin_ns;
	}
	return since_ns;
}

static void write_missing(const struct hour *hour, FILE *out, const struct hour_with *with,
			  uint64_t now_ns)
{
	fprintf(out,
		"{\"type\":\"missing\",\"stalls_ms\":%" PRIu64 ",\"blocked_ms\":%" PRIu64
		",\"seconds_ms\":%" PRIu64 ",\"lasting\":%zu,\"unseen_ms\":%" PRIu64 "}\n",
		recent_missing_ns(with->stalls) / NS_PER_MS,
		kept_lines_missing_ns(hour->blocked) / NS_PER_MS,
		kept_lines_missing_ns(hour->all.lines) / NS_PER_MS,
		recent_more_lasting(with->stalls),
		unseen_since_ns(hour, with->unseen, now_ns) / NS_PER_MS);
}

/* The step that lasts as well. */
static int write_steps(const struct steps *steps, const struct line_writer *to, uint64_t since_ns)
{
	int err = 0;

	kept_lines_write(steps->lines, to->context, since_ns);
	for (size_t i = 0; i < loop_steps_nr(steps->now) && !err; i++)
		if (end_of(loop_steps_at(steps->now, i)) >= since_ns)
			err = encode_second(to, loop_steps_at(steps->now, i));
	return err;
}

/* It begins no sooner than what was asked for. */
static struct start_record begin_of(const struct start_record *start, uint64_t since_ns)
{
	struct start_record begins = *start;

	if (begins.time_ns < since_ns) {
		begins.mono_ns += since_ns - begins.time_ns;
		begins.time_ns = since_ns;
	}
	return begins;
}

/* It ends now, whenever the last record came. */
static int write_end(const struct line_writer *to, const struct start_record *begins,
		     const struct summary_record *unseen, uint64_t now_ns)
{
	const uint64_t ns = subtract_saturated(now_ns, begins->time_ns);
	struct summary_record ends = *unseen;

	ends.mono_ns = begins->mono_ns + ns;
	ends.time_ns = now_ns;
	ends.duration_ns = ns;
	return encode_summary(to, &ends);
}

/* Of the last moments the fine steps, once they reach back so far. */
static const struct steps *steps_of(struct hour *hour, uint64_t since_ns, uint64_t now_ns)
{
	bool live = hour->looked_ns && hour->live_since_ns <= since_ns;

	if (!hour->looked_ns)
		hour->live_since_ns = now_ns;
	hour->looked_ns = clock_now_ns();
	return live ? &hour->live : &hour->all;
}

int hour_write(struct hour *hour, FILE *out, const struct web_question *question,
	       const struct hour_with *with)
{
	const struct line_writer to = line_writer_of(out);
	uint64_t since_ns = question->since_ns, now_ns = clock_read_ns(CLOCK_REALTIME);
	bool moments = subtract_saturated(now_ns, since_ns) <= MOMENTS_NS;
	const struct start_record begins = begin_of(with->start, since_ns);
	const struct steps *steps = moments ? steps_of(hour, since_ns, now_ns) : &hour->all;
	int err;

	write_missing(hour, out, with, now_ns);
	err = encode_start(&to, &begins);
	if (!moments)
		kept_lines_write(hour->loops, out, now_ns - LOOPS_NS);
	err = err ? err : write_steps(steps, &to, since_ns);
	if (!moments)
		kept_lines_write(hour->blocked, out, since_ns);
	recent_write_all(with->stalls, out, since_ns);
	err = err ? err : write_end(&to, &begins, with->unseen, now_ns);
	/* last: how long it was has been said */
	kept_lines_write(hour->unseen, out, now_ns - HOUR_NS);
	return err ? err : ferror(out) ? -EIO : 0;
}
