// SPDX-License-Identifier: GPL-2.0-or-later
/* Which reports of stalls become lines of the log: each end, each long one once, and not too many. */
#include "records.h"

#include "serve/news.h"

static void no_unit(pid_t pid, char unit[MINUTE_UNIT_BYTES])
{
	(void)pid;
	unit[0] = 0;
}

static int setup(void **state)
{
	struct news *news;

	assert_int_equal(news_new(&news, no_unit), 0);
	*state = news;
	return 0;
}

static int teardown(void **state)
{
	news_free(*state);
	return 0;
}

static struct stall_record stall(pid_t tid, const char *turn, bool ongoing, uint64_t ns)
{
	struct stall_record record = {
		.id = { .pid = 10, .tid = tid },
		.ongoing = ongoing,
		.duration_ns = ns,
	};

	strcpy(record.turn, turn);
	return record;
}

static bool is_news(struct news *news, struct stall_record record, uint64_t now_ns)
{
	return news_is(news, &record, now_ns);
}

static void a_stall_that_lasts_is_told_once_and_at_its_end(void **state)
{
	struct news *news = *state;

	assert_false(is_news(news, stall(1, "1-1", true, 100 * MS), S));
	assert_true(is_news(news, stall(1, "1-1", true, 1100 * MS), 2 * S));
	assert_false(is_news(news, stall(1, "1-1", true, 2100 * MS), 3 * S));
	assert_true(is_news(news, stall(2, "2-1", true, 5 * S), 3 * S));
	assert_false(is_news(news, stall(1, "1-1", true, 3100 * MS), 4 * S));
	assert_true(is_news(news, stall(1, "1-1", false, 3500 * MS), 5 * S));
	/* the next turn of the same thread */
	assert_true(is_news(news, stall(1, "1-2", true, 1100 * MS), 7 * S));
	/* whose end was lost */
	assert_true(is_news(news, stall(1, "1-3", true, 1100 * MS), 9 * S));
	assert_false(is_news(news, stall(2, "2-1", true, 9 * S), 9 * S));
}

static void a_short_one_is_told_at_its_end(void **state)
{
	assert_true(is_news(*state, stall(1, "1-1", false, 100 * MS), S));
}

static void the_rest_of_a_minute_is_counted(void **state)
{
	struct news *news = *state;
	unsigned int lines = 0;
	char *text, begin[32];

	for (int i = 0; i < 1000; i++)
		lines += is_news(news, stall(1, "1-1", false, 100 * MS), 100 * S + i * MS);
	assert_in_range(lines, 1, MINUTE_LINES);
	assert_null(news_left_out(news, 130 * S));
	text = news_left_out(news, 161 * S);
	snprintf(begin, sizeof(begin), "%u more stalls", 1000 - lines);
	assert_non_null(text);
	assert_memory_equal(text, begin, strlen(begin));
	free(text);
	assert_null(news_left_out(news, 300 * S));
}

static void one_that_was_held_back_is_told_later(void **state)
{
	struct news *news = *state;

	for (int i = 0; i < MINUTE_LINES; i++)
		is_news(news, stall(1, "1-1", false, 1000 * MS), 10 * S);
	assert_false(is_news(news, stall(2, "2-1", true, 1100 * MS), 10 * S));
	assert_true(is_news(news, stall(2, "2-1", true, 3100 * MS), 12 * S));
	assert_false(is_news(news, stall(2, "2-1", true, 4100 * MS), 14 * S));
}

static void more_that_last_than_can_be_kept(void **state)
{
	struct news *news = *state;

	/* nothing but that it stays within its bounds, and goes on */
	for (int i = 1; i < 3000; i++)
		assert_true(is_news(news, stall(i, "1", true, 2 * S), (uint64_t)i * 2 * S));
	assert_false(is_news(news, stall(2999, "1", true, 3 * S), 6000 * S));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stall_that_lasts_is_told_once_and_at_its_end),
		TEST(a_short_one_is_told_at_its_end),
		TEST(the_rest_of_a_minute_is_counted),
		TEST(one_that_was_held_back_is_told_later),
		TEST(more_that_last_than_can_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
