// SPDX-License-Identifier: GPL-2.0-or-later
/* Records that wait: those of a process in their order, and none behind those of others that have many or cost much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "probe/waiting.h"

#define CAPACITY   (4u << 20)
#define RECORD_MAX 4096
#define MS	   NS_PER_MS

#define NOISY  7
#define HONEST 8

struct test {
	struct waiting *waiting;
	uint64_t spent_ns; /* by the time that a test gives to each record */
};

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	assert_int_equal(waiting_new(&test->waiting, CAPACITY, RECORD_MAX), 0);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct test *test = *state;

	waiting_free(test->waiting);
	free(test);
	return 0;
}

static const struct record_owner nobody = { RECORD_OWNER_UNKNOWN, RECORD_OWNER_UNKNOWN };

/* number: in time_ns, so that it is known again. */
static void add_of(struct test *test, pid_t pid, struct record_owner owner, uint64_t number)
{
	const struct bp_header record = { .tgid = (unsigned int)pid, .time_ns = number };

	assert_true(waiting_fits(test->waiting, sizeof(record)));
	assert_int_equal(waiting_add(test->waiting, &record, sizeof(record), owner), 0);
}

static void add(struct test *test, pid_t pid, uint64_t number)
{
	add_of(test, pid, nobody, number);
}

/* Deals with the next one, which takes so long. */
static struct bp_header take(struct test *test, uint64_t ns)
{
	struct record_owner owner;
	const struct bp_header *first;
	struct bp_header record;
	size_t bytes;

	first = waiting_first(test->waiting, &bytes, &owner);
	assert_non_null(first);
	assert_int_equal(bytes, sizeof(record));
	record = *first;
	test->spent_ns += ns;
	waiting_drop(test->waiting, ns);
	return record;
}

static void take_until(struct test *test, pid_t pid, uint64_t ns)
{
	while (take(test, ns).tgid != (unsigned int)pid)
		;
}

/* It has 1,000 that take 5 ms each; the other one comes when some have been dealt with. */
static void few_do_not_wait_for_many(void **state)
{
	struct test *test = *state;
	uint64_t before_ns;

	for (int i = 0; i < 1000; i++)
		add(test, NOISY, (uint64_t)i);
	for (int i = 0; i < 10; i++)
		take(test, 5 * MS);
	add(test, HONEST, 0);
	before_ns = test->spent_ns;
	take_until(test, HONEST, 5 * MS);
	assert_true(test->spent_ns - before_ns <= 10 * MS);
}

/* Of two that have as many, the one whose records cost ten times as much gets a tenth of them dealt with. */
static void time_counts_and_not_number(void **state)
{
	struct test *test = *state;
	uint64_t dear_ns = 0, cheap_ns = 0;

	for (int i = 0; i < 1000; i++) {
		add(test, NOISY, 0);
		add(test, HONEST, 0);
	}
	while (dear_ns + cheap_ns < 400 * MS) {
		struct record_owner owner;
		size_t bytes;

		if (waiting_first(test->waiting, &bytes, &owner)->tgid == NOISY) {
			take(test, 4 * MS);
			dear_ns += 4 * MS;
		} else {
			take(test, MS / 4);
			cheap_ns += MS / 4;
		}
	}
	assert_in_range(cheap_ns, 190 * MS, 210 * MS);
}

static void a_process_s_stay_in_order(void **state)
{
	uint64_t added[16] = { 0 }, taken[16] = { 0 };
	struct test *test = *state;
	unsigned int seed = 3;

	for (int round = 0; round < 20000; round++) {
		/* so that some share a place of the table */
		pid_t of = rand_r(&seed) % 16, pid = 5 + of * 4096;

		if (rand_r(&seed) % 2 && added[of] - taken[of] < 50) {
			const uint32_t users[] = { UINT32_MAX, 0, 1 };
			const struct record_owner owner = { users[rand_r(&seed) % 3], 0 };

			add_of(test, pid, owner, added[of]++);
			assert_true(waiting_has(test->waiting, pid));
		} else if (waiting_has(test->waiting, pid)) {
			struct bp_header record = take(test, (uint64_t)rand_r(&seed) % (5 * MS));

			of = ((pid_t)record.tgid - 5) / 4096;
			assert_int_equal(record.time_ns, taken[of]++);
			assert_int_equal(waiting_has(test->waiting, (pid_t)record.tgid),
					 taken[of] < added[of]);
		}
	}
}

/* However many processes they have: another user's, and another's of the same user, wait for one of them. */
static void users_and_cgroups_have_lines(void **state)
{
	static const struct record_owner noisy = { 1000, 77 },
					 others[] = { { 1001, 0 }, { 1000, 78 } };
	struct test *test = *state;

	for (pid_t pid = 100; pid < 600; pid++)
		add_of(test, pid, noisy, 0);
	for (size_t i = 0; i < 2; i++) {
		uint64_t before_ns = test->spent_ns;

		add_of(test, HONEST, others[i], 0);
		take_until(test, HONEST, 2 * MS);
		assert_true(test->spent_ns - before_ns <= 4 * MS);
	}
}

/* Of what it sent first that was not known, as of all those that have no loop. */
static void whose_it_is_shows_later(void **state)
{
	static const struct record_owner mine = { 1001, 5 };
	struct test *test = *state;
	struct record_owner owner;
	const struct bp_header *first;
	uint64_t before_ns;
	size_t bytes;

	for (pid_t pid = 100; pid < 600; pid++)
		add(test, pid, 0);
	add(test, HONEST, 1);
	add_of(test, HONEST, mine, 2);
	before_ns = test->spent_ns;
	take_until(test, HONEST, 2 * MS);
	assert_true(test->spent_ns - before_ns <= 4 * MS);
	assert_int_equal(take(test, 2 * MS).tgid, 101);
	assert_int_equal(take(test, 2 * MS).time_ns, 2);
	assert_false(waiting_has(test->waiting, HONEST));
	/* also while its first is dealt with */
	add(test, HONEST, 3);
	do {
		first = waiting_first(test->waiting, &bytes, &owner);
		if (first->tgid != HONEST)
			take(test, 2 * MS);
	} while (first->tgid != HONEST);
	add_of(test, HONEST, mine, 4);
	assert_int_equal(first->time_ns, 3);
	waiting_drop(test->waiting, MS);
	take_until(test, HONEST, MS);
	assert_null(waiting_first(test->waiting, &bytes, &owner));
}

/* A process of a user with many that have no slot is with its own cgroup once it has one. */
static void cgroup_shows_later(void **state)
{
	static const struct record_owner of_user = { 1001, RECORD_OWNER_UNKNOWN };
	static const struct record_owner mine = { 1001, 5 };
	struct test *test = *state;
	uint64_t before_ns;

	for (pid_t pid = 100; pid < 600; pid++)
		add_of(test, pid, of_user, 0);
	add_of(test, HONEST, of_user, 1);
	add_of(test, HONEST, mine, 2);
	before_ns = test->spent_ns;
	take_until(test, HONEST, 2 * MS);
	assert_true(test->spent_ns - before_ns <= 4 * MS);
}

static void whose_it_is_comes_back(void **state)
{
	static const struct record_owner mine = { 0xfffffff0, 0xfffffff1 };
	struct test *test = *state;
	struct record_owner owner;
	size_t bytes;

	assert_null(waiting_first(test->waiting, &bytes, &owner));
	assert_false(waiting_has(test->waiting, HONEST));
	add_of(test, HONEST, mine, 1);
	assert_non_null(waiting_first(test->waiting, &bytes, &owner));
	assert_int_equal(owner.user, mine.user);
	assert_int_equal(owner.cgroup, mine.cgroup);
	take(test, MS);
	assert_null(waiting_first(test->waiting, &bytes, &owner));
}

/* Some come while one is dealt with, of the same process and of others: that one is dropped, and nothing else. */
static void what_comes_meanwhile_waits(void **state)
{
	struct test *test = *state;
	struct record_owner owner;
	const struct bp_header *first;
	size_t bytes;

	add(test, HONEST, 1);
	first = waiting_first(test->waiting, &bytes, &owner);
	add(test, HONEST, 2);
	add_of(test, NOISY, (struct record_owner){ 1000, 1 }, 3);
	assert_int_equal(first->time_ns, 1);
	waiting_drop(test->waiting, MS);
	assert_int_equal(take(test, MS).time_ns + take(test, MS).time_ns, 5);
	assert_null(waiting_first(test->waiting, &bytes, &owner));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(few_do_not_wait_for_many),	  TEST(time_counts_and_not_number),
		TEST(a_process_s_stay_in_order),  TEST(users_and_cgroups_have_lines),
		TEST(cgroup_shows_later),	  TEST(whose_it_is_comes_back),
		TEST(what_comes_meanwhile_waits), TEST(whose_it_is_shows_later),
	};

	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
