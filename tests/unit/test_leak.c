// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers that keep growing, and those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/leak.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* How often it is reported, and in which sample last. */
static unsigned int report(const uint64_t *values, size_t nr, size_t *last)
{
	struct leak leak = { 0 };
	unsigned int reported = 0;

	for (size_t i = 0; i < nr; i++) {
		if (leak_add(&leak, values[i], i * LEAK_STEP_NS)) {
			reported++;
			*last = i;
		}
	}
	return reported;
}

static void grows(void **state)
{
	static const uint64_t values[] = { 10, 30, 50, 70, 90, 110, 130, 150 };
	struct leak leak = { 0 };
	size_t last;

	(void)state;
	assert_int_equal(report(values, NR(values), &last), 1);
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
	assert_int_equal(report(values, NR(values), &last), 4);
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
		assert_int_equal(report(cases[i], NR(cases[i]), &last), 0);
}

static void with_rests(void **state)
{
	static const uint64_t values[] = { 10, 10, 30, 50, 50, 70, 90, 90, 90, 110, 130 };
	size_t last;

	(void)state;
	assert_int_equal(report(values, NR(values), &last), 1);
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
	assert_int_equal(report(nothing, NR(nothing), &last), 1);
	assert_int_equal(report(huge, NR(huge), &last), 1);
}

/* What `top` marks. */
static bool is_one(const uint64_t *values, size_t nr)
{
	struct leak leak = { 0 };

	for (size_t i = 0; i < nr; i++) {
		leak_add(&leak, values[i], i * LEAK_STEP_NS);
		leak_add(&leak, 9999, i * LEAK_STEP_NS + 1); /* too soon: not taken */
	}
	return leak_is_one(&leak);
}

static void is_one_while_it_grows(void **state)
{
	static const uint64_t leak[] = { 30, 40, 50, 60, 70, 80, 90 };
	static const uint64_t pause[] = { 30, 40, 50, 60, 60, 80, 90, 100 };
	static const uint64_t start[] = { 10, 40, 80, 120, 160, 160, 160, 160, 160 };
	static const uint64_t burst[] = { 30, 400, 500, 600, 700, 800, 50 };
	static const uint64_t few[] = { 30, 40, 50, 60 };
	static const uint64_t still[] = { 30, 30, 30, 30, 30, 30, 30, 30 };
	static const uint64_t over[] = { 30, 40, 50, 60, 70, 80, 90, 90, 90, 90 };

	(void)state;
	assert_true(is_one(leak, NR(leak)));
	assert_true(is_one(pause, NR(pause)));
	assert_false(is_one(start, NR(start)));
	assert_false(is_one(burst, NR(burst)));
	assert_false(is_one(few, NR(few)));
	assert_false(is_one(still, NR(still)));
	assert_false(is_one(over, NR(over)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(again_at_doublings),
		cmocka_unit_test(does_not),
		cmocka_unit_test(with_rests),
		cmocka_unit_test(from_nothing_and_huge),
		cmocka_unit_test(is_one_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
