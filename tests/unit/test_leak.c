/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that keep growing, and those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stall/notes/leak.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* How often it is told, and in which sample last. */
static unsigned int tell(const uint64_t *values, size_t nr, size_t *last)
{
	struct leak leak = { 0 };
	unsigned int told = 0;

	for (size_t i = 0; i < nr; i++) {
		if (leak_add(&leak, values[i], i * LEAK_STEP_NS)) {
			told++;
			*last = i;
		}
	}
	return told;
}

static void grows(void **state)
{
	static const uint64_t values[] = { 10, 30, 50, 70, 90, 110, 130, 150 };
	struct leak leak = { 0 };
	size_t last;

	(void)state;
	assert_int_equal(tell(values, NR(values), &last), 1);
	assert_int_equal(last, LEAK_RISES);
	for (size_t i = 0; i <= LEAK_RISES; i++)
		leak_add(&leak, values[i], i * LEAK_STEP_NS);
	assert_int_equal(leak.from, 10);
	assert_int_equal(leak.from_ns, 0);
}

static void again_at_doublings(void **state)
{
	uint64_t values[100];
	size_t last;

	(void)state;
	for (size_t i = 0; i < NR(values); i++)
		values[i] = 100 + 100 * i;
	/* 700, 1400, 2800, 5600 */
	assert_int_equal(tell(values, NR(values), &last), 4);
	assert_int_equal(last, 55);
}

static void does_not(void **state)
{
	static const uint64_t cases[][10] = {
		{ 500, 500, 500, 500, 500, 500, 500, 500, 500, 500 },
		{ 0, 100, 200, 300, 400, 500, 500, 500, 500, 500 }, /* then stable */
		{ 0, 100, 200, 300, 400, 500, 400, 500, 600, 700 }, /* falls */
		{ 1000, 1050, 1100, 1150, 1200, 1250, 1300, 1350, 1400,
		  1450 }, /* by less than half */
		{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, /* by few */
		{ 900, 800, 700, 600, 500, 400, 300, 200, 100, 0 },
		{ 10, 200, 10, 200, 10, 200, 10, 200, 10, 200 },
		{ 0, 90, 90, 90, 90, 180, 180, 180, 180, 270 }, /* in steps */
	};
	size_t last;

	(void)state;
	for (size_t i = 0; i < NR(cases); i++)
		assert_int_equal(tell(cases[i], NR(cases[i]), &last), 0);
}

static void with_rests(void **state)
{
	static const uint64_t values[] = { 10, 10, 30, 50, 50, 70, 90, 90, 90, 110, 130 };
	size_t last;

	(void)state;
	assert_int_equal(tell(values, NR(values), &last), 1);
	assert_int_equal(last, 10);
}

static void from_nothing_and_huge(void **state)
{
	static const uint64_t nothing[] = { 0, 10, 20, 30, 40, 50, 60 };
	static const uint64_t huge[] = { UINT64_MAX / 2,     UINT64_MAX / 2 + 1, UINT64_MAX / 2 + 2,
					 UINT64_MAX / 2 + 3, UINT64_MAX / 2 + 4, UINT64_MAX / 2 + 5,
					 UINT64_MAX };
	size_t last;

	(void)state;
	assert_int_equal(tell(nothing, NR(nothing), &last), 1);
	assert_int_equal(tell(huge, NR(huge), &last), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(again_at_doublings),
		cmocka_unit_test(does_not),
		cmocka_unit_test(with_rests),
		cmocka_unit_test(from_nothing_and_huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
