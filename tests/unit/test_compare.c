// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings beside each other, cut to a part, and without some time: report --diff, --since, --loops, --without. */
#include "records.h"

#include <errno.h>

#include "report/compare.h"
#include "report/part.h"
#include "report/without.h"

#define MINUTE_NS (60 * S)

static const struct start_record on_web1 = { AT(0), .host = "web1", .threshold_ns = 100 * MS };

/* A turn that slept at this line of a function, so many seconds after the start. */
static struct stall_record stall_at(double seconds, const char *fn, unsigned int line, uint64_t ns)
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

static void read_stall(const struct recording_reader *reader, struct stall_record stall)
{
	reader->stall(reader->context, &stall);
	slices_free(&stall.slices);
}

static void read_summary(const struct recording_reader *reader, double seconds, uint64_t longest_ns)
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

/* -- a comparison -- */

struct sides {
	struct survey *before, *after;
	struct compare *compare;
};

static void sides_free(struct sides *sides)
{
	compare_free(sides->compare);
	survey_free(sides->before);
	survey_free(sides->after);
}

/* A loop for so many minutes, with a stall in each. ns of one: from base to 1.5 * base, and times factor. */
static struct survey *survey_of(unsigned int minutes, const char *fn, unsigned int line,
				double factor)
{
	struct loop_record loop = { AT(0), .id = thread_main() };
	struct survey *survey = NULL;
	struct recording_reader reader;

	assert_int_equal(survey_new(&survey, true), 0);
	reader = survey_reader(survey);
	reader.start(survey, &on_web1);
	reader.loop(survey, &loop);
	for (unsigned int i = 0; i < minutes && fn; i++)
		read_stall(&reader, stall_at(i * 60 + 10, fn, line,
					     (uint64_t)((double)(S + i % 3 * S / 4) * factor)));
	read_summary(&reader, minutes * 60, 2 * S);
	assert_int_equal(survey_finish(survey), 0);
	return survey;
}

static struct sides compared(struct survey *before, struct survey *after)
{
	struct sides sides = { before, after, NULL };

	assert_int_equal(compare_new(&sides.compare, before, after), 0);
	return sides;
}

static void assert_change(struct survey *before, struct survey *after, enum diff_change change,
			  bool chance)
{
	struct sides sides = compared(before, after);
	const struct diff_record *diff = compare_record(sides.compare);

	assert_int_equal(diff->nr_places, 1);
	assert_string_equal(diff_change_name(diff->places[0].change), diff_change_name(change));
	assert_int_equal(diff->places[0].chance, chance);
	assert_string_equal(diff->places[0].file, "bad.py");
	sides_free(&sides);
}

static void places_match_by_function_and_file(void **state)
{
	(void)state;
	/* ... and not by line */
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(10, "do_io", 77, 1), DIFF_SAME,
		      false);
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(10, NULL, 0, 1), DIFF_GONE, false);
	assert_change(survey_of(10, NULL, 0, 1), survey_of(10, "do_io", 3, 1), DIFF_NEW, false);
}

static void change_is_told_from_noise(void **state)
{
	(void)state;
	/* minutes differ by half a second: a tenth more is nothing, three times is */
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(10, "do_io", 3, 1.1), DIFF_SAME,
		      false);
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(10, "do_io", 3, 3), DIFF_WORSE,
		      false);
	assert_change(survey_of(10, "do_io", 3, 3), survey_of(10, "do_io", 3, 1), DIFF_BETTER,
		      false);
	/* a longer recording has more of it, and is no worse */
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(40, "do_io", 3, 1), DIFF_SAME, false);
}

static void few_minutes_are_too_short_to_tell(void **state)
{
	(void)state;
	assert_change(survey_of(4, "do_io", 3, 1), survey_of(10, "do_io", 3, 9), DIFF_TOO_SHORT,
		      false);
	assert_change(survey_of(10, "do_io", 3, 1), survey_of(4, "do_io", 3, 9), DIFF_TOO_SHORT,
		      false);
	assert_change(survey_of(5, "do_io", 3, 1), survey_of(5, "do_io", 3, 9), DIFF_WORSE, false);
	/* what was there, and is not, is gone all the same */
	assert_change(survey_of(1, "do_io", 3, 1), survey_of(1, NULL, 0, 1), DIFF_GONE, false);
}

static void rare_ones_may_be_chance(void **state)
{
	struct survey *before = survey_of(30, NULL, 0, 1), *once = NULL;
	struct recording_reader reader;
	struct loop_record loop = { AT(0), .id = thread_main() };

	(void)state;
	assert_int_equal(survey_new(&once, false), 0);
	reader = survey_reader(once);
	reader.start(once, &on_web1);
	reader.loop(once, &loop);
	read_stall(&reader, stall_at(100, "do_io", 3, S));
	read_summary(&reader, 1800, S);
	assert_int_equal(survey_finish(once), 0);
	assert_change(before, once, DIFF_NEW, true);
}

/* Two machines, with loops of the same numbers, at the same time. */
static void hosts_are_told_apart(void **state)
{
	static const struct start_record on_web2 = { AT(0), .host = "web2",
						     .threshold_ns = 200 * MS };
	struct loop_record loop = { AT(0), .id = thread_main() };
	struct survey *survey = NULL;
	struct recording_reader reader;
	struct stall_record lasting = stall_at(9, "do_io", 3, S);

	(void)state;
	assert_int_equal(survey_new(&survey, false), 0);
	reader = survey_reader(survey);
	reader.start(survey, &on_web1);
	reader.loop(survey, &loop);
	/* it never ends, as its recording does: another turn of the same name is another one */
	lasting.ongoing = true;
	reader.stall(survey, &lasting);
	reader.start(survey, &on_web2);
	reader.loop(survey, &loop);
	lasting.ongoing = false;
	reader.stall(survey, &lasting);
	slices_free(&lasting.slices);
	read_summary(&reader, 600, S);
	assert_int_equal(survey_finish(survey), 0);
	assert_int_equal(survey_side(survey)->loops, 2);
	assert_int_equal(survey_side(survey)->stalls, 2);
	assert_string_equal(survey_side(survey)->hosts, "web1, web2");
	/* of the first one until its last record, 10 s after its start */
	assert_int_equal(survey_side(survey)->loop_ns, 610 * S);
	assert_int_equal(survey_side(survey)->threshold_ns, 200 * MS);
	survey_free(survey);
}

static void formats_show_a_comparison(void **state)
{
	struct sides sides = compared(survey_of(10, "do_io", 3, 1), survey_of(10, "fetch", 3, 1));
	const char *path = temp_path(*state, "a.txt");
	static const char *const formats[] = { "text", "json", "folded" };
	static const char *const expected[][3] = {
		{ "new       fetch (bad.py): sleep, 0 ns -> ", "gone      do_io (bad.py): sleep, ",
		  "over 500 ms" },
		{ "\"change\":\"gone\",\"fn\":\"do_io\",\"file\":\"bad.py\",\"cause\":\"sleep\"",
		  "\"minutes\":10", "\"hosts\":\"web1\"" },
		/* 12.25 s in 10 minutes */
		{ ";do_io (bad.py);hrtimer_nanosleep_[k];[sleep] 73500000 0\n",
		  "python3;Handle._run (events.py);fetch (bad.py);hrtimer_nanosleep_[k];[sleep] 0 ",
		  "" },
	};

	for (size_t i = 0; i < NR(formats); i++) {
		struct output *output = open_output(formats[i], path, NULL);
		char *text;

		output_diff(output, compare_record(sides.compare));
		assert_int_equal(output_close(output), 0);
		text = read_text(path);
		for (size_t word = 0; word < NR(expected[i]); word++)
			if (!strstr(text, expected[i][word]))
				fail_msg("no '%s' in: %s", expected[i][word], text);
		free(text);
	}
	sides_free(&sides);
}

/* -- a part -- */

/* What came through. */
struct seen {
	unsigned int loops, stalls, blocked, summaries;
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_match_by_function_and_file),
		cmocka_unit_test(change_is_told_from_noise),
		cmocka_unit_test(few_minutes_are_too_short_to_tell),
		cmocka_unit_test(rare_ones_may_be_chance),
		cmocka_unit_test(hosts_are_told_apart),
		TEST(formats_show_a_comparison),
		cmocka_unit_test(moments_are_read),
		cmocka_unit_test(time_is_cut),
		cmocka_unit_test(a_part_was_watched_for_less),
		cmocka_unit_test(loops_are_chosen),
		cmocka_unit_test(stalls_lose_that_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
