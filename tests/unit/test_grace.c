// SPDX-License-Identifier: GPL-2.0-or-later
/* How long one after the other is waited for that does not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "symbol/grace.h"

#define MS NS_PER_MS

/* As much as all of them may take together, and then the least; it comes back with time. */
static void one_after_the_other(void **state)
{
	struct grace grace = { 0 };
	uint64_t now_ns = NS_PER_SEC, waited_ns = 0, left_ns;

	(void)state;
	assert_int_equal(grace_left_ns(&grace, now_ns), GRACE_MOST_NS);
	for (int i = 0; i < 4; i++) {
		left_ns = grace_left_ns(&grace, now_ns);
		now_ns += left_ns;
		waited_ns += left_ns;
		grace_use(&grace, now_ns, left_ns);
	}
	/* each that was waited for gave back some of it */
	assert_true(waited_ns <= GRACE_MOST_NS + 4 * GRACE_LEAST_NS);
	assert_int_equal(grace_left_ns(&grace, now_ns), GRACE_LEAST_NS);
	now_ns += GRACE_PART * 30 * MS;
	assert_int_equal(grace_left_ns(&grace, now_ns), 30 * MS);
	now_ns += NS_PER_SEC;
	assert_int_equal(grace_left_ns(&grace, now_ns), GRACE_MOST_NS);
}

/* What was answered late by little leaves most of it. */
static void some_is_left(void **state)
{
	struct grace grace = { 0 };

	(void)state;
	grace_use(&grace, NS_PER_SEC, 20 * MS);
	assert_int_equal(grace_left_ns(&grace, NS_PER_SEC), 40 * MS);
	grace_use(&grace, NS_PER_SEC, NS_PER_SEC);
	assert_int_equal(grace_left_ns(&grace, NS_PER_SEC), GRACE_LEAST_NS);
	assert_int_equal(grace_left_ns(&grace, NS_PER_SEC + GRACE_PART * GRACE_MOST_NS),
			 GRACE_MOST_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(some_is_left),
	};

	return cmocka_run_group_tests_name("grace", tests, NULL, NULL);
}
