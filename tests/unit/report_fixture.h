/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_fixture.h - what recordings of a loop say, for the tests of user/report. */
#ifndef BLOCKPROF_TESTS_UNIT_REPORT_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_REPORT_FIXTURE_H

#include "records.h"

#include "model/second.h"
#include "recording/recording.h"

static const struct start_record on_web1 = { AT(0), .host = "web1", .threshold_ns = 100 * MS };

/* A turn that slept at this line of a function, so many seconds after the start. */
static inline struct stall_record stall_at(double seconds, const char *fn, unsigned int line,
					   uint64_t ns)
{
	static unsigned int turn;
	const struct frame frames[] = {
		KERNEL("hrtimer_nanosleep"),
		PYTHON(fn, "/app/bad.py", line),
		PYTHON("Handle._run", LIBRARY "asyncio/events.py", 84),
	};
	struct stall_record stall = {
		AT(seconds),	      .id = thread_main(),	.duration_ns = ns,
		.delayed_events = 3,  .impact = nine_clients(), .ledger = { .blocked_ns = ns },
		.cause = CAUSE_SLEEP, .advice = "a thread"
	};
	struct slice slice = {
		.cause = CAUSE_SLEEP,
		.ns = ns,
		.count = 1,
		.max_ns = ns,
		.stack = make_stack(frames, NR(frames)),
	};

	snprintf(stall.turn, sizeof(stall.turn), "4242-%u", ++turn);
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	return stall;
}

static inline void read_stall(const struct recording_reader *reader, struct stall_record stall)
{
	reader->stall(reader->context, &stall);
	slices_free(&stall.slices);
}

static inline void read_summary(const struct recording_reader *reader, double seconds,
				uint64_t longest_ns)
{
	struct loop_summary loop = {
		.id = thread_main(),
		.turns = 1000,
		.wall_ns = (uint64_t)(seconds * 1e9),
		.idle_ns = S,
		.ledger = { .blocked_ns = 20 * S },
		.stalls = 2,
		.longest_ns = longest_ns,
		.p50_ns = MS,
		.p99_ns = 30 * MS,
	};
	const struct summary_record summary = { AT(seconds), .loops = &loop, .nr_loops = 1 };

	reader->summary(reader->context, &summary);
}

/* A second of a loop that begins so late: turns of 1 ms, and one of this length, which was on a CPU. */
static inline struct second_record second_at(double seconds, uint64_t turns, uint64_t ns)
{
	struct second_record second = {
		AT(seconds),	  .id = thread_main(), .turns = turns + 1,
		.longest_ns = ns, .idle_ns = S - ns,   .ledger = { .cpu_ns = ns },
	};

	second.by_cause_ns[CAUSE_CPU] = ns;
	second.buckets[second_bucket_of(MS)] = turns;
	second.buckets[second_bucket_of(ns)]++;
	return second;
}

#endif
