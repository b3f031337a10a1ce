// SPDX-License-Identifier: GPL-2.0-or-later
/* Which parts of a slice are kept, and which are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/interval.h"

static void test_the_longest_are_kept(void **state)
{
	struct intervals intervals = { 0 }, copy;

	(void)state;
	/* longer and longer, each after the one before */
	for (uint64_t i = 1; i <= 200; i++)
		intervals_add(&intervals, (struct interval){ 1000 * i, i }, 0);
	assert_int_equal(intervals.nr, INTERVALS_MAX);
	assert_int_equal(intervals.first_ns, 1000);
	/* and no short one takes their place */
	intervals_add(&intervals, (struct interval){ 500, 1 }, 0);
	assert_int_equal(intervals.first_ns, 500);
	intervals_sort(&intervals);
	for (size_t i = 0; i < INTERVALS_MAX; i++) {
		assert_int_equal(intervals.v[i].ns, 200 - INTERVALS_MAX + 1 + i);
		assert_int_equal(intervals.v[i].mono_ns, 1000 * intervals.v[i].ns);
	}
	assert_int_equal(intervals_copy(&copy, &intervals), 0);
	assert_int_equal(copy.nr, INTERVALS_MAX);
	assert_int_equal(copy.first_ns, 500);
	assert_memory_equal(copy.v, intervals.v, INTERVALS_MAX * sizeof(copy.v[0]));
	intervals_free(&copy);
	intervals_free(&intervals);
}

static void test_what_is_one(void **state)
{
	struct intervals intervals = { 0 }, more = { 0 };

	(void)state;
	intervals_add(&intervals, (struct interval){ 100, 10 }, 5);
	intervals_add(&intervals, (struct interval){ 115, 10 }, 5);
	/* in it already */
	intervals_add(&intervals, (struct interval){ 105, 10 }, 5);
	assert_int_equal(intervals.nr, 1);
	assert_int_equal(intervals.v[0].ns, 25);
	/* too late, and too early */
	intervals_add(&intervals, (struct interval){ 131, 10 }, 5);
	intervals_add(&intervals, (struct interval){ 90, 20 }, 5);
	assert_int_equal(intervals.nr, 3);
	/* of blocks, each is one */
	intervals_add(&more, (struct interval){ 141, 1 }, 0);
	intervals_add(&more, (struct interval){ 142, 1 }, 0);
	assert_int_equal(more.nr, 2);
	intervals_take(&intervals, &more, 5);
	assert_int_equal(more.nr, 0);
	assert_int_equal(intervals.nr, 3);
	intervals_sort(&intervals);
	assert_int_equal(intervals.v[2].ns, 12);
	assert_int_equal(intervals.first_ns, 90);
	intervals_free(&intervals);
}

static void test_what_lies_in_a_turn(void **state)
{
	struct intervals intervals = { 0 };

	(void)state;
	for (uint64_t at = 50; at <= 350; at += 100)
		intervals_add(&intervals, (struct interval){ at, 60 }, 0);
	intervals_clip(&intervals, 100, 300);
	assert_int_equal(intervals.nr, 3);
	assert_int_equal(intervals.first_ns, 100);
	assert_int_equal(intervals.v[0].mono_ns, 100);
	assert_int_equal(intervals.v[0].ns, 10);
	assert_int_equal(intervals.v[1].mono_ns, 150);
	assert_int_equal(intervals.v[1].ns, 60);
	assert_int_equal(intervals.v[2].mono_ns, 250);
	assert_int_equal(intervals.v[2].ns, 50);
	intervals_clip(&intervals, 400, 500);
	assert_int_equal(intervals.nr, 0);
	intervals_free(&intervals);
}

/* A copy has room as if it had grown. */
static void test_a_copy_goes_on(void **state)
{
	(void)state;
	for (size_t nr = 1; nr <= INTERVALS_MAX; nr++) {
		struct intervals intervals = { 0 }, copy;

		for (size_t i = 0; i < nr; i++)
			intervals_add(&intervals, (struct interval){ i + 1, 1 }, 0);
		assert_int_equal(intervals_copy(&copy, &intervals), 0);
		for (size_t i = 0; i < INTERVALS_MAX; i++)
			intervals_add(&copy, (struct interval){ 100 + i, 2 }, 0);
		assert_int_equal(copy.nr, INTERVALS_MAX);
		intervals_free(&copy);
		intervals_free(&intervals);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_longest_are_kept),
		cmocka_unit_test(test_what_is_one),
		cmocka_unit_test(test_what_lies_in_a_turn),
		cmocka_unit_test(test_a_copy_goes_on),
	};

	return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
