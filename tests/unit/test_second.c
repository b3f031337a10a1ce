// SPDX-License-Identifier: GPL-2.0-or-later
/* Which buckets of turns a second has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/second.h"

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int hist[HIST_BUCKETS] = { 0 }, found = SECOND_BUCKETS;
	uint64_t buckets[SECOND_BUCKETS] = { 0 };

	hist[hist_bucket(ns)]++;
	second_add(buckets, hist);
	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		if (buckets[i])
			found = i;
	return found;
}

static void test_each_turn_is_in_its_bucket(void **state)
{
	(void)state;
	assert_int_equal(bucket_of(0), 0);
	assert_int_equal(bucket_of((1 << 17) - 1), 0);
	for (unsigned int i = 1; i < SECOND_BUCKETS; i++) {
		uint64_t least_ns = second_upper_ns(i - 1);

		assert_int_equal(bucket_of(least_ns - 1), i - 1);
		assert_int_equal(bucket_of(least_ns), i);
	}
	assert_int_equal(bucket_of(1ull << 50), SECOND_BUCKETS - 1);
}

static void test_ends_name_buckets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		assert_int_equal(second_bucket(second_upper_ns(i)), i);
	assert_int_equal(second_bucket(0), SECOND_BUCKETS);
	assert_int_equal(second_bucket((1 << 17) + 1), SECOND_BUCKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_turn_is_in_its_bucket),
		cmocka_unit_test(test_ends_name_buckets),
	};

	return cmocka_run_group_tests_name("second", tests, NULL, NULL);
}
