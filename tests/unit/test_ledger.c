// SPDX-License-Identifier: GPL-2.0-or-later
/* A turn's ledger brought up to now, and made to add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stall/turn/ledger.h"

#define MS 1000000ull

static void expect(const struct ledger *ledger, uint64_t cpu, uint64_t runqueue, uint64_t throttled,
		   uint64_t blocked, uint64_t unknown)
{
	assert_int_equal(ledger->cpu_ns, cpu);
	assert_int_equal(ledger->runqueue_ns, runqueue);
	assert_int_equal(ledger->throttled_ns, throttled);
	assert_int_equal(ledger->blocked_ns, blocked);
	assert_int_equal(ledger->unknown_ns, unknown);
}

static void test_exact(void **state)
{
	const struct bp_ledger from = { 1, 20, 300, 4000, 50000 };
	struct ledger to;

	(void)state;
	assert_true(ledger_fit(&from, 54321, &to));
	expect(&to, 1, 20, 300, 4000, 50000);
}

static void test_what_lacks_is_unknown(void **state)
{
	const struct bp_ledger from = { 1, 20, 300, 4000, 50000 };
	struct ledger to;

	(void)state;
	assert_true(ledger_fit(&from, 54322, &to));
	expect(&to, 1, 20, 300, 4000, 50001);
	assert_true(ledger_fit(&(struct bp_ledger){ 0 }, 7, &to));
	expect(&to, 0, 0, 0, 0, 7);
	assert_true(ledger_fit(&(struct bp_ledger){ 0 }, 0, &to));
	expect(&to, 0, 0, 0, 0, 0);
}

/* unknown gives way first, then runqueue, throttled, cpu, and blocked last. */
static void test_too_much_is_cut(void **state)
{
	const struct bp_ledger from = { .cpu_ns = 10,
					.runqueue_ns = 20,
					.throttled_ns = 30,
					.blocked_ns = 40,
					.unknown_ns = 5 };
	struct ledger to;

	(void)state;
	assert_false(ledger_fit(&from, 104, &to));
	expect(&to, 10, 20, 30, 40, 4);
	assert_false(ledger_fit(&from, 100, &to));
	expect(&to, 10, 20, 30, 40, 0);
	assert_false(ledger_fit(&from, 85, &to));
	expect(&to, 10, 5, 30, 40, 0);
	assert_false(ledger_fit(&from, 60, &to));
	expect(&to, 10, 0, 10, 40, 0);
	assert_false(ledger_fit(&from, 45, &to));
	expect(&to, 5, 0, 0, 40, 0);
	assert_false(ledger_fit(&from, 39, &to));
	expect(&to, 0, 0, 0, 39, 0);
	assert_false(ledger_fit(&from, 0, &to));
	expect(&to, 0, 0, 0, 0, 0);
}

/* Parts that wrap around, or look negative, add up to the duration like any other. */
static void test_sum_is_the_duration(void **state)
{
	static const uint64_t values[] = { 0,	       1,	   7 * MS,	   100 * MS,
					   1ull << 62, 1ull << 63, UINT64_MAX - 3, UINT64_MAX };
	const size_t nr = sizeof(values) / sizeof(values[0]);

	(void)state;
	for (size_t i = 0; i < nr * nr * nr * nr; i++) {
		const struct bp_ledger from = {
			.cpu_ns = values[i % nr],
			.runqueue_ns = values[i / nr % nr],
			.throttled_ns = values[(i + 3) % nr],
			.blocked_ns = values[i / nr / nr % nr],
			.unknown_ns = values[i / nr / nr / nr],
		};
		unsigned __int128 sum = (unsigned __int128)from.cpu_ns + from.runqueue_ns +
					from.throttled_ns + from.blocked_ns + from.unknown_ns;

		for (size_t d = 0; d < nr; d++) {
			struct ledger to;

			assert_int_equal(ledger_fit(&from, values[d], &to), sum <= values[d]);
			assert_int_equal(ledger_sum(&to), values[d]);
			assert_true(to.cpu_ns <= from.cpu_ns && to.cpu_ns <= values[d]);
			assert_true(to.runqueue_ns <= from.runqueue_ns &&
				    to.runqueue_ns <= values[d]);
			assert_true(to.throttled_ns <= from.throttled_ns &&
				    to.throttled_ns <= values[d]);
			assert_true(to.blocked_ns <= from.blocked_ns && to.blocked_ns <= values[d]);
			assert_true(to.unknown_ns <= values[d]);
		}
	}
}

static void test_until_now(void **state)
{
	static const struct {
		unsigned int state;
		struct bp_ledger added;
	} cases[] = {
		{ BP_RUNNING, { .cpu_ns = 9 } },     { BP_RUNNABLE, { .runqueue_ns = 9 } },
		{ BP_BLOCKED, { .blocked_ns = 9 } }, { BP_UNSEEN, { .unknown_ns = 9 } },
		{ BP_WAITING, { .unknown_ns = 9 } }, { 77, { .unknown_ns = 9 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bp_slot slot = {
			.state = cases[i].state,
			.in_turn = 1,
			.since_ns = 1000,
			.turn = { 1, 2, 3, 4, 5 },
		};
		struct bp_ledger ledger = ledger_until(&slot, 1009);

		assert_int_equal(ledger.cpu_ns, 1 + cases[i].added.cpu_ns);
		assert_int_equal(ledger.runqueue_ns, 2 + cases[i].added.runqueue_ns);
		assert_int_equal(ledger.throttled_ns, 3);
		assert_int_equal(ledger.blocked_ns, 4 + cases[i].added.blocked_ns);
		assert_int_equal(ledger.unknown_ns, 5 + cases[i].added.unknown_ns);
		/* the state began after the clock was read */
		ledger = ledger_until(&slot, 999);
		assert_memory_equal(&ledger, &slot.turn, sizeof(ledger));
	}
}

static void test_until_now_in_no_turn(void **state)
{
	static const struct bp_ledger none;
	const struct bp_slot slot = { .state = BP_WAITING,
				      .since_ns = 1000,
				      .turn = { 1, 2, 3, 4, 5 } };
	struct bp_ledger ledger = ledger_until(&slot, 5000);

	(void)state;
	assert_memory_equal(&ledger, &none, sizeof(ledger));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_what_lacks_is_unknown),
		cmocka_unit_test(test_too_much_is_cut),
		cmocka_unit_test(test_sum_is_the_duration),
		cmocka_unit_test(test_until_now),
		cmocka_unit_test(test_until_now_in_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
