// SPDX-License-Identifier: GPL-2.0-or-later
/* Who gets the lines of a minute: no process or unit all of them; the longest; and what is said of the rest. */
#include "records.h"

#include "serve/minute.h"

/* Processes 100 to 199 are of unit 1, and so on; 0 to 99 of none. */
static void unit_of(pid_t pid, char unit[MINUTE_UNIT_BYTES])
{
	if (pid >= 100)
		snprintf(unit, MINUTE_UNIT_BYTES, "u%d.service", pid / 100);
}

static int setup(void **state)
{
	struct minute *minute;

	assert_int_equal(minute_new(&minute, unit_of), 0);
	*state = minute;
	return 0;
}

static int teardown(void **state)
{
	minute_free(*state);
	return 0;
}

static bool take(struct minute *minute, pid_t pid, uint64_t lasted_ns, uint64_t now_ns)
{
	const struct thread_id id = { .pid = pid, .tid = pid, .comm = "noisy" };
	const struct minute_item item = { &id, lasted_ns, false };

	return minute_take(minute, &item, now_ns);
}

static unsigned int take_all(struct minute *minute, pid_t pid, uint64_t now_ns)
{
	unsigned int lines = 0;

	for (int i = 0; i < 1000; i++)
		lines += take(minute, pid, 100 * MS, now_ns);
	return lines;
}

static void four_noisy_ones_leave_lines_to_others(void **state)
{
	(void)state;
	assert_in_range(take_all(*state, 100, S), 29, 32);
	assert_in_range(take_all(*state, 200, S), 22, 32);
	assert_in_range(take_all(*state, 300, S), 14, 32);
	assert_in_range(take_all(*state, 400, S), 7, 32);
	for (int i = 0; i < 5; i++)
		assert_true(take(*state, 500, 100 * MS, 2 * S));
}

static void a_unit_does_not_get_more_with_more_processes(void **state)
{
	unsigned int lines = 0;

	for (pid_t pid = 100; pid < 200; pid++)
		lines += take_all(*state, pid, S);
	assert_in_range(lines, 50, MINUTE_LINES / 2 + 2);
	assert_true(take(*state, 200, 100 * MS, S));
	/* and of one process of it the others get some */
	minute_free(*state);
	setup(state);
	take_all(*state, 100, S);
	assert_in_range(take_all(*state, 101, S), 10, 20);
}

static void the_longest_gets_a_line_even_so(void **state)
{
	take_all(*state, 100, S);
	assert_false(take(*state, 100, 150 * MS, S));
	assert_true(take(*state, 100, 30 * S, S));
	assert_false(take(*state, 100, 31 * S, S));
	assert_true(take(*state, 100, 60 * S, S));
	/* but not without end */
	for (uint64_t ns = 1; ns < UINT64_MAX / 4; ns *= 2)
		take(*state, 101, ns, S);
	assert_false(take(*state, 101, UINT64_MAX, S));
}

static void what_was_left_out_is_said_in_one_line(void **state)
{
	char *text;

	take_all(*state, 100, S);
	take_all(*state, 250, S);
	assert_false(take(*state, 100, 190 * MS, 2 * S));
	assert_null(minute_left_out(*state, 50 * S));
	text = minute_left_out(*state, 62 * S);
	assert_non_null(text);
	assert_non_null(strstr(text, " more stalls and notes in the last minute: "));
	assert_non_null(strstr(text, " of u1.service, the longest 190 ms in noisy[100]; "));
	assert_non_null(strstr(text, " of u2.service, the longest 100 ms in noisy[250]"));
	free(text);
	assert_null(minute_left_out(*state, 200 * S));
	/* another minute */
	assert_in_range(take_all(*state, 100, 63 * S), 29, 32);
}

static void more_units_and_processes_than_are_told_apart(void **state)
{
	char *text;

	for (pid_t pid = 1; pid < 100000; pid += 50)
		take(*state, pid, (uint64_t)pid * MS, S);
	text = minute_left_out(*state, 62 * S);
	assert_non_null(text);
	assert_non_null(strstr(text, " of others"));
	assert_true(strlen(text) < 1000);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(four_noisy_ones_leave_lines_to_others),
		TEST(a_unit_does_not_get_more_with_more_processes),
		TEST(the_longest_gets_a_line_even_so),
		TEST(what_was_left_out_is_said_in_one_line),
		TEST(more_units_and_processes_than_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
