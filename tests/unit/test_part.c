// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings cut to a part, and without some time: report --since, --until, --loops, --without. */
#include "report_fixture.h"

#include <errno.h>

#include "report/part.h"
#include "report/survey.h"
#include "report/without.h"

#define MINUTE_NS (60 * S)

/* -- a part -- */

/* What came through. */
struct seen {
	unsigned int loops, stalls, blocked, seconds, summaries;
	uint64_t stalled_ns, blocked_ns;
	struct stall_record last; /* without what it points to */
	struct loop_summary loop;
	uint64_t duration_ns;
};

static void see_loop(void *context, const struct loop_record *loop)
{
	struct seen *seen = context;

	(void)loop;
	seen->loops++;
}

static void see_stall(void *context, const struct stall_record *stall)
{
	struct seen *seen = context;

	seen->stalls++;
	seen->stalled_ns += stall->duration_ns;
	seen->last = *stall;
}

static void see_blocked(void *context, const struct blocked_record *blocked)
{
	struct seen *seen = context;

	seen->blocked++;
	for (size_t i = 0; i < blocked->slices.nr; i++)
		seen->blocked_ns += blocked->slices.v[i].ns;
}

static void see_second(void *context, const struct second_record *second)
{
	struct seen *seen = context;

	(void)second;
	seen->seconds++;
}

static void see_summary(void *context, const struct summary_record *summary)
{
	struct seen *seen = context;

	seen->summaries++;
	seen->duration_ns = summary->duration_ns;
	if (summary->nr_loops)
		seen->loop = summary->loops[0];
}

static struct recording_reader seeing(struct seen *seen)
{
	return (struct recording_reader){
		.context = seen,
		.loop = see_loop,
		.stall = see_stall,
		.blocked = see_blocked,
		.second = see_second,
		.summary = see_summary,
	};
}

static void moments_are_read(void **state)
{
	static const char *const wrong[] = { "",       "-",    "12",	     "25:00", "12:60",
					     "12:00x", "noon", "2024-05-01", "-x",    "--5m" };
	struct moment moment = { 0 };

	(void)state;
	assert_int_equal(moment_parse("2024-05-01T12:00:00Z", &moment), 0);
	assert_int_equal(moment.kind, MOMENT_AT);
	assert_int_equal(moment.ns, TEST_TIME_NS);
	assert_int_equal(moment_parse("14:03", &moment), 0);
	assert_int_equal(moment.kind, MOMENT_OF_DAY);
	assert_int_equal(moment.ns, (14 * 60 + 3) * MINUTE_NS);
	assert_int_equal(moment_parse("14:03:22", &moment), 0);
	assert_int_equal(moment.ns, ((14 * 60 + 3) * 60 + 22) * S);
	assert_int_equal(moment_parse("-15m", &moment), 0);
	assert_int_equal(moment.kind, MOMENT_BEFORE_END);
	assert_int_equal(moment.ns, 15 * MINUTE_NS);
	for (size_t i = 0; i < NR(wrong); i++)
		if (!moment_parse(wrong[i], &moment))
			fail_msg("'%s' is a moment", wrong[i]);
}

/* Stalls of 1 s at 10 s, 20 s and 30 s after the start, from since to until. */
static struct seen part_of(const char *since, const char *until, uint64_t end_ns)
{
	struct seen seen = { 0 };
	struct recording_reader next = seeing(&seen), reader;
	struct moment moment = { 0 };
	struct part *part = NULL;

	assert_int_equal(part_new(&part), 0);
	if (since) {
		assert_int_equal(moment_parse(since, &moment), 0);
		part_since(part, moment);
	}
	if (until) {
		assert_int_equal(moment_parse(until, &moment), 0);
		part_until(part, moment);
	}
	part_end(part, end_ns);
	reader = part_reader(part, &next);
	reader.start(part, &on_web1);
	for (int i = 1; i <= 3; i++)
		read_stall(&reader, stall_at(10 * i, "do_io", 3, (unsigned int)i * S));
	read_summary(&reader, 40, 3 * S);
	part_free(part);
	return seen;
}

static void time_is_cut(void **state)
{
	struct seen seen;

	(void)state;
	setenv("TZ", "UTC", 1);
	seen = part_of(NULL, NULL, 0);
	assert_int_equal(seen.stalls, 3);
	assert_int_equal(seen.loop.turns, 1000);
	/* the second one lasts from 20 s to 22 s: it is of both parts */
	seen = part_of("2024-05-01T12:00:21Z", NULL, 0);
	assert_int_equal(seen.stalled_ns, 5 * S);
	assert_int_equal(seen.duration_ns, 19 * S);
	seen = part_of(NULL, "12:00:21", 0);
	assert_int_equal(seen.stalled_ns, 3 * S);
	/* of a part only the stalls are known */
	assert_int_equal(seen.loop.stalls, 2);
	assert_int_equal(seen.loop.longest_ns, 2 * S);
	assert_int_equal(seen.loop.turns, 0);
	seen = part_of("-15s", "-9s", TEST_TIME_NS + 40 * S);
	assert_int_equal(seen.stalled_ns, 3 * S);
	assert_int_equal(seen.duration_ns, 6 * S);
	seen = part_of("12:01", NULL, 0);
	assert_int_equal(seen.stalls, 0);
	assert_int_equal(seen.summaries, 1);
}

/* Seconds 0 to 59 with a turn of 20 ms each, then quiet ones to 600. */
static struct seen part_of_seconds(const char *since, const char *until)
{
	struct seen seen = { 0 };
	struct recording_reader next = seeing(&seen), reader;
	struct moment moment = { 0 };
	struct part *part = NULL;
	struct second_record quiet = { AT(60), .id = thread_main(), .idle_ns = 540 * S };

	assert_int_equal(part_new(&part), 0);
	assert_int_equal(moment_parse(since, &moment), 0);
	part_since(part, moment);
	assert_int_equal(moment_parse(until, &moment), 0);
	part_until(part, moment);
	reader = part_reader(part, &next);
	reader.start(part, &on_web1);
	for (int i = 0; i < 60; i++) {
		struct second_record second = second_at(i, 9, i == 30 ? 90 * MS : 20 * MS);

		reader.second(part, &second);
	}
	reader.second(part, &quiet);
	read_summary(&reader, 600, 3 * S);
	assert_true(part_has_cut(part) && part_has_seconds(part));
	part_free(part);
	return seen;
}

static void figures_of_a_part_are_those_of_its_seconds(void **state)
{
	struct seen seen;

	(void)state;
	setenv("TZ", "UTC", 1);
	seen = part_of_seconds("12:00:40", "12:01:20");
	assert_int_equal(seen.loop.turns, 200);
	assert_int_equal(seen.loop.longest_ns, 20 * MS);
	assert_int_equal(seen.loop.ledger.cpu_ns, 20 * 20 * MS);
	/* twenty seconds, and as much of the quiet ones */
	assert_int_equal(seen.loop.wall_ns, 40 * S);
	assert_int_equal(seen.loop.idle_ns, 40 * S - 20 * 20 * MS);
	assert_in_range(seen.loop.p50_ns, 500000, 1100000);
	assert_in_range(seen.loop.p99_ns, 16 * MS, 20 * MS);
	assert_int_equal(seen.seconds, 21);
	seen = part_of_seconds("12:00:20", "12:00:40");
	assert_int_equal(seen.loop.longest_ns, 90 * MS);
	assert_int_equal(seen.loop.wall_ns, 20 * S);
	seen = part_of_seconds("12:05", "12:06");
	assert_int_equal(seen.loop.turns, 0);
	assert_int_equal(seen.loop.idle_ns, 60 * S);
	assert_int_equal(seen.seconds, 1);
}

/* Ten minutes of a loop, of which a part is compared. */
static void a_part_was_watched_for_less(void **state)
{
	struct loop_record loop = { AT(0), .id = thread_main() };
	struct survey *survey = NULL;
	struct part *part = NULL;
	struct recording_reader next, reader;
	struct moment moment = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_int_equal(survey_new(&survey, false), 0);
	assert_int_equal(part_new(&part), 0);
	assert_int_equal(moment_parse("12:03", &moment), 0);
	part_since(part, moment);
	assert_int_equal(moment_parse("12:07", &moment), 0);
	part_until(part, moment);
	next = survey_reader(survey);
	reader = part_reader(part, &next);
	reader.start(part, &on_web1);
	reader.loop(part, &loop);
	for (int i = 0; i < 10; i++)
		read_stall(&reader, stall_at(i * 60 + 10, "do_io", 3, S));
	read_summary(&reader, 600, S);
	assert_int_equal(survey_finish(survey), 0);
	assert_int_equal(survey_side(survey)->stalls, 4);
	assert_int_equal(survey_side(survey)->loop_ns, 4 * MINUTE_NS);
	assert_int_equal(survey_side(survey)->minutes, 4);
	part_free(part);
	survey_free(survey);
}

static struct seen loops_like(const char *regex)
{
	struct loop_record loop = { AT(0), .id = thread_main(), .unit = "web.service" };
	struct seen seen = { 0 };
	struct recording_reader next = seeing(&seen), reader;
	char reason[PATTERN_REASON_BYTES];
	struct part *part = NULL;

	assert_int_equal(part_new(&part), 0);
	assert_int_equal(part_loops(part, regex, reason), 0);
	reader = part_reader(part, &next);
	reader.start(part, &on_web1);
	reader.loop(part, &loop);
	read_stall(&reader, stall_at(10, "do_io", 3, S));
	read_summary(&reader, 40, S);
	part_free(part);
	return seen;
}

static void loops_are_chosen(void **state)
{
	static const char *const fits[] = { "^python3$", "asyncio", "web.service", "web1" };
	struct part *part = NULL;
	char reason[PATTERN_REASON_BYTES];
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < NR(fits); i++) {
		seen = loops_like(fits[i]);
		assert_int_equal(seen.loops + seen.stalls, 2);
		assert_int_equal(seen.loop.turns, 1000);
	}
	seen = loops_like("node");
	assert_int_equal(seen.loops + seen.stalls, 0);
	assert_int_equal(seen.loop.turns, 0);
	assert_int_equal(seen.summaries, 1);
	assert_int_equal(part_new(&part), 0);
	assert_int_equal(part_loops(part, "(", reason), -EINVAL);
	part_free(part);
}

/* -- without -- */

/* A stall of 5 s in do_io and 20 ms in parse, one of 2 s in fetch. */
static struct seen without_place(const char *rule, struct without_result *result)
{
	struct seen seen = { 0 };
	struct recording_reader next = seeing(&seen), reader;
	struct stall_record stall = stall_at(10, "do_io", 3, 5 * S), other;
	struct blocked_record blocked = { AT(20), .id = thread_main() };
	char reason[PATTERN_REASON_BYTES];
	struct without *without = NULL;
	struct ignore *ignore = NULL;
	struct slice slice;

	other = stall_at(10, "parse", 3, 20 * MS);
	assert_int_equal(slice_copy(&slice, &other.slices.v[0]), 0);
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	slices_free(&other.slices);
	stall.duration_ns += 20 * MS;
	stall.ledger.blocked_ns += 20 * MS;
	assert_int_equal(ignore_new(&ignore), 0);
	assert_int_equal(ignore_add(ignore, rule, reason), 0);
	assert_int_equal(without_new(&without, ignore), 0);
	reader = without_reader(without, &next);
	reader.start(without, &on_web1);
	read_stall(&reader, stall);
	other = stall_at(15, "fetch", 3, 2 * S);
	read_stall(&reader, other);
	other = stall_at(15, "do_io", 3, 30 * MS);
	blocked.slices = other.slices;
	reader.blocked(without, &blocked);
	slices_free(&other.slices);
	read_summary(&reader, 40, 5 * S);
	*result = *without_result(without);
	without_free(without);
	ignore_free(ignore);
	return seen;
}

static void stalls_lose_that_time(void **state)
{
	struct without_result result;
	struct seen seen = without_place("do_io", &result);

	(void)state;
	/* what it still lost is that of a shorter turn */
	assert_int_equal(seen.stalls, 1);
	assert_int_equal(seen.stalled_ns, 2 * S);
	assert_int_equal(seen.blocked_ns, 20 * MS);
	assert_int_equal(seen.loop.stalls, 1);
	assert_int_equal(seen.loop.turns, 1000);
	assert_int_equal(seen.loop.longest_ns, 2 * S);
	assert_int_equal(seen.loop.p50_ns, MS);
	assert_int_equal(seen.loop.ledger.blocked_ns, 15 * S);
	assert_int_equal(seen.loop.idle_ns, 6 * S);
	assert_int_equal(result.stalls, 2);
	assert_int_equal(result.gone, 1);
	assert_int_equal(result.taken_ns, 5 * S);
	assert_int_equal(result.shorter_ns, 30 * MS);
	/* nor is it known who would have waited */
	seen = without_place("fn:parse", &result);
	assert_int_equal(seen.stalls, 2);
	assert_int_equal(seen.stalled_ns, 7 * S);
	assert_int_equal(result.taken_ns, 20 * MS);
	assert_int_equal(seen.last.delayed_events, 3);
	assert_string_equal(seen.last.advice, "a thread");
	seen = without_place("cause:sleep", &result);
	assert_int_equal(seen.stalls, 0);
	assert_int_equal(result.gone, 2);
	/* the longest of the shorter turns is no less than what 99% of them did not pass */
	assert_int_equal(seen.loop.longest_ns, 30 * MS);
	seen = without_place("fn:^Handle", &result);
	assert_int_equal(result.taken_ns, 0);
	seen = without_place("file:bad.py$", &result);
	assert_int_equal(result.gone, 2);
}

/* Two hundred seconds of turns of 1 ms and one of 40 ms each; in three of them there is a stall of 5 s. */
static struct seen without_of_seconds(const char *rule, struct without_result *result)
{
	struct seen seen = { 0 };
	struct recording_reader next = seeing(&seen), reader;
	char reason[PATTERN_REASON_BYTES];
	struct without *without = NULL;
	struct ignore *ignore = NULL;
	struct loop_summary loop = {
		.id = thread_main(),
		.turns = 603,
		.wall_ns = 215 * S,
		.stalls = 3,
		.longest_ns = 5 * S,
		.p50_ns = MS,
		.p99_ns = 4800 * MS,
	};
	const struct summary_record summary = { AT(300), .loops = &loop, .nr_loops = 1 };

	assert_int_equal(ignore_new(&ignore), 0);
	assert_int_equal(ignore_add(ignore, rule, reason), 0);
	assert_int_equal(without_new(&without, ignore), 0);
	reader = without_reader(without, &next);
	reader.start(without, &on_web1);
	for (int i = 0; i < 200; i++) {
		struct second_record second = second_at(i, 2, 40 * MS);

		if (i < 3) {
			second.turns++;
			second.buckets[second_bucket_of(5 * S)]++;
			second.longest_ns = 5 * S;
			read_stall(&reader, stall_at(i, "do_io", 3, 5 * S));
		}
		reader.second(without, &second);
	}
	reader.summary(without, &summary);
	*result = *without_result(without);
	without_free(without);
	ignore_free(ignore);
	return seen;
}

static void percentiles_without_it_are_by_seconds(void **state)
{
	struct without_result result;
	struct seen seen = without_of_seconds("do_io", &result);

	(void)state;
	assert_true(result.has_seconds);
	assert_int_equal(seen.loop.stalls, 0);
	/* the longest turn that is left is that of another second, to the nanosecond */
	assert_int_equal(seen.loop.longest_ns, 40 * MS);
	assert_int_equal(seen.loop.p50_ns, MS);
	assert_in_range(seen.loop.p99_ns, 33 * MS, 40 * MS);
	/* they would have to say when a stall lost its time */
	assert_int_equal(seen.seconds, 0);
	seen = without_of_seconds("fn:elsewhere", &result);
	assert_int_equal(seen.loop.longest_ns, 5 * S);
	assert_int_equal(seen.loop.p99_ns, 4800 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_read),
		cmocka_unit_test(time_is_cut),
		cmocka_unit_test(figures_of_a_part_are_those_of_its_seconds),
		cmocka_unit_test(a_part_was_watched_for_less),
		cmocka_unit_test(loops_are_chosen),
		cmocka_unit_test(stalls_lose_that_time),
		cmocka_unit_test(percentiles_without_it_are_by_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
