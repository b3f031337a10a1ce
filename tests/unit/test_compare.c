// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings beside each other: report --diff. */
#include "report_fixture.h"

#include "report/compare.h"

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

/* -- seconds -- */

/* So many minutes; each second's turn is of ns, more in some minutes, times factor. */
static struct survey *survey_of_seconds(unsigned int minutes, uint64_t ns)
{
	struct loop_record loop = { AT(0), .id = thread_main() };
	struct survey *survey = NULL;
	struct recording_reader reader;

	assert_int_equal(survey_new(&survey, false), 0);
	reader = survey_reader(survey);
	reader.start(survey, &on_web1);
	reader.loop(survey, &loop);
	for (unsigned int i = 0; i < minutes * 60; i++) {
		struct second_record second =
			second_at(i, i / 60 % 2 ? 4 : 3, ns + i / 60 % 3 * ns / 4);

		reader.second(survey, &second);
	}
	read_summary(&reader, minutes * 60, 2 * S);
	assert_int_equal(survey_finish(survey), 0);
	return survey;
}

static void assert_seconds(struct survey *before, struct survey *after, enum diff_change p99,
			   enum diff_change cpu)
{
	struct sides sides = compared(before, after);
	const struct diff_record *diff = compare_record(sides.compare);

	assert_int_equal(diff->nr_percentiles, 2);
	assert_int_equal(diff->percentiles[1].percent, 99);
	assert_string_equal(diff_change_name(diff->percentiles[1].change), diff_change_name(p99));
	assert_int_equal(diff->nr_causes, 1);
	assert_int_equal(diff->causes[0].cause, CAUSE_CPU);
	assert_string_equal(diff_change_name(diff->causes[0].change), diff_change_name(cpu));
	assert_int_equal(diff->nr_places, 0);
	sides_free(&sides);
}

static void short_turns_are_compared_by_seconds(void **state)
{
	(void)state;
	/* minutes differ by half: a tenth more is nothing, four times is */
	assert_seconds(survey_of_seconds(10, 20 * MS), survey_of_seconds(10, 22 * MS), DIFF_SAME,
		       DIFF_SAME);
	assert_seconds(survey_of_seconds(10, 20 * MS), survey_of_seconds(10, 80 * MS), DIFF_WORSE,
		       DIFF_WORSE);
	assert_seconds(survey_of_seconds(10, 80 * MS), survey_of_seconds(20, 20 * MS), DIFF_BETTER,
		       DIFF_BETTER);
	assert_seconds(survey_of_seconds(4, 20 * MS), survey_of_seconds(10, 80 * MS),
		       DIFF_TOO_SHORT, DIFF_TOO_SHORT);
}

/* An older recording has no such records: nothing is said of what it does not know. */
static void without_seconds_nothing_is_judged_by_them(void **state)
{
	struct sides sides = compared(survey_of(10, "do_io", 3, 1), survey_of_seconds(10, 20 * MS));
	const struct diff_record *diff = compare_record(sides.compare);

	(void)state;
	assert_int_equal(diff->nr_percentiles + diff->nr_causes, 0);
	assert_false(diff->before.has_seconds);
	assert_true(diff->after.has_seconds);
	sides_free(&sides);
}

/* One block of ten minutes is time of ten minutes, and not all of it of the first. */
static void long_blocks_are_of_each_of_their_minutes(void **state)
{
	struct loop_record loop = { AT(0), .id = thread_main() };
	struct stall_record stall = stall_at(0, "do_io", 3, 600 * S);
	struct interval block = { TEST_MONO_NS, 600 * S };
	struct survey *survey = NULL;
	struct recording_reader reader;
	struct survey_place place;

	(void)state;
	intervals_add(&stall.slices.v[0].intervals, block, 0);
	assert_int_equal(survey_new(&survey, false), 0);
	reader = survey_reader(survey);
	reader.start(survey, &on_web1);
	reader.loop(survey, &loop);
	read_stall(&reader, stall);
	read_summary(&reader, 600, 600 * S);
	assert_int_equal(survey_finish(survey), 0);
	assert_int_equal(survey_nr_places(survey), 1);
	place = survey_place(survey, 0);
	assert_int_equal(place.spread.nr, 10);
	assert_true(place.spread.sum > 9.99 && place.spread.sum < 10.01);
	/* of each minute all of it: their squares are ten as well, and would be a hundred else */
	assert_true(place.spread.squares > 9.99 && place.spread.squares < 10.01);
	survey_free(survey);
}

static void percentiles_of_seconds(void **state)
{
	struct second_sum sum = { 0 };
	struct second_record second = second_at(0, 99, 200 * MS);

	(void)state;
	assert_int_equal(second_sum_percentile_ns(&sum, 50), 0);
	second_sum_add(&sum, &second);
	assert_int_equal(second_sum_ns(&sum), S);
	/* 1 ms is between 0.5 and 1.05 ms, 200 ms the longest */
	assert_in_range(second_sum_percentile_ns(&sum, 50), 500000, 1100000);
	assert_in_range(second_sum_percentile_ns(&sum, 99), 500000, 1100000);
	assert_int_equal(second_sum_percentile_ns(&sum, 100), 200 * MS);
	/* no longer than the longest turn, wherever its bucket ends */
	second = second_at(1, 0, 270 * MS);
	sum = (struct second_sum){ 0 };
	second_sum_add(&sum, &second);
	assert_in_range(second_sum_percentile_ns(&sum, 99), 268 * MS, 270 * MS);
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
		cmocka_unit_test(short_turns_are_compared_by_seconds),
		cmocka_unit_test(without_seconds_nothing_is_judged_by_them),
		cmocka_unit_test(long_blocks_are_of_each_of_their_minutes),
		cmocka_unit_test(percentiles_of_seconds),
		TEST(formats_show_a_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
