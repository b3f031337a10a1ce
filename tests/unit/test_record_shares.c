// SPDX-License-Identifier: GPL-2.0-or-later
/* Of the room for records that wait, one process leaves some to others, and what ends something always comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/record_shares.h"

#define CAPACITY (1u << 20)
#define BYTES	 1024

static int setup(void **state)
{
	struct record_shares *shares;

	assert_int_equal(record_shares_new(&shares, CAPACITY), 0);
	*state = shares;
	return 0;
}

static int teardown(void **state)
{
	record_shares_free(*state);
	return 0;
}

static const struct record_owner nobody;

static bool take_of(struct record_shares *shares, unsigned int type, unsigned int tgid,
		    struct record_owner owner)
{
	const struct bp_header record = { .type = type, .tgid = tgid };

	return record_shares_take(shares, &record, owner, BYTES);
}

static bool take(struct record_shares *shares, unsigned int type, unsigned int tgid)
{
	return take_of(shares, type, tgid, nobody);
}

static size_t take_all(struct record_shares *shares, unsigned int type, unsigned int tgid)
{
	size_t taken = 0;

	while (taken < 2 * CAPACITY && take(shares, type, tgid))
		taken += BYTES;
	return taken;
}

static void one_process_leaves_room_to_others(void **state)
{
	size_t first = take_all(*state, BP_RECORD_SLICE, 1), other;

	assert_in_range(first, CAPACITY / 2, CAPACITY / 4 * 3);
	assert_false(take(*state, BP_RECORD_SAMPLE, 1));
	other = take_all(*state, BP_RECORD_SLICE, 2);
	assert_in_range(other, CAPACITY / 8, CAPACITY / 4);
	assert_true(take(*state, BP_RECORD_SLICE, 3));
}

static void ends_always_come(void **state)
{
	take_all(*state, BP_RECORD_SLICE, 1);
	assert_true(take(*state, BP_RECORD_TURN, 1));
	assert_true(take(*state, BP_RECORD_EXIT, 1));
}

static void copies_of_stacks_have_half(void **state)
{
	assert_in_range(take_all(*state, BP_RECORD_STACK_COPY, 1), CAPACITY / 4, CAPACITY / 2);
	assert_true(take(*state, BP_RECORD_STACK_COPY, 2));
	assert_true(take(*state, BP_RECORD_SLICE, 1));
}

/* However much else waits: a stall without the stack of its thread has no place. */
static void copies_of_stacks_have_room(void **state)
{
	take_all(*state, BP_RECORD_SLICE, 1);
	assert_true(take(*state, BP_RECORD_STACK_COPY, 2));
	take_all(*state, BP_RECORD_STACK_COPY, 1);
	assert_true(take(*state, BP_RECORD_STACK_COPY, 2));
}

static void what_was_dealt_with_is_free_again(void **state)
{
	const struct bp_header record = { .type = BP_RECORD_SLICE, .tgid = 1 };
	size_t first = take_all(*state, BP_RECORD_SLICE, 1);

	for (size_t i = 0; i < first / BYTES; i++)
		record_shares_give(*state, &record, nobody, BYTES);
	assert_int_equal(take_all(*state, BP_RECORD_SLICE, 2), first);
}

/* However many processes they have. */
static void users_and_cgroups_leave_room_to_others(void **state)
{
	static const struct record_owner owners[] = { { 1000, 0 }, { 0, 77 } };
	static const struct record_owner other = { 1001, 78 };

	for (size_t i = 0; i < 2; i++) {
		size_t taken = 0;

		for (unsigned int tgid = 1; tgid < 2000; tgid++)
			while (taken < 2 * CAPACITY &&
			       take_of(*state, BP_RECORD_SLICE, tgid, owners[i]))
				taken += BYTES;
		assert_in_range(taken, CAPACITY / 2, CAPACITY / 4 * 3);
		assert_true(take_of(*state, BP_RECORD_SLICE, 3000, other));
		teardown(state);
		setup(state);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* By its slot, or, before there is one, by its user: a storm of forks is not everybody's. */
static void whose_a_record_is(void **state)
{
	static const enum bp_record_type without_slot[] = { BP_RECORD_FORK, BP_RECORD_EXEC,
							    BP_RECORD_EXIT };
	const struct bp_slot slots[] = { [1] = { .user = 5, .cgroup = 6 } };
	struct bp_candidate candidate = {
		.header = { .type = BP_RECORD_CANDIDATE, .slot = BP_NO_SLOT },
		.user = 7,
	};
	struct record_owner owner;

	(void)state;
	owner = record_owner_of(&candidate.header, sizeof(candidate), slots, 1);
	assert_int_equal(owner.user, 7);
	assert_int_equal(owner.cgroup, RECORD_OWNER_UNKNOWN);
	owner = record_owner_of(&candidate.header, sizeof(candidate.header), slots, 1);
	assert_int_equal(owner.user, RECORD_OWNER_UNKNOWN);
	candidate.header.slot = 1;
	owner = record_owner_of(&candidate.header, sizeof(candidate), slots, 1);
	assert_int_equal(owner.user, 5);
	assert_int_equal(owner.cgroup, 6);
	candidate.header.slot = 2;
	owner = record_owner_of(&candidate.header, sizeof(candidate), slots, 1);
	assert_int_equal(owner.user, 7);
	for (size_t i = 0; i < sizeof(without_slot) / sizeof(without_slot[0]); i++) {
		struct bp_process process = {
			.header = { .type = without_slot[i], .slot = BP_NO_SLOT },
			.user = 8,
		};

		owner = record_owner_of(&process.header, sizeof(process), slots, 1);
		assert_int_equal(owner.user, 8);
		owner = record_owner_of(&process.header, sizeof(process) - 1, slots, 1);
		assert_int_equal(owner.user, RECORD_OWNER_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_process_leaves_room_to_others),
		TEST(ends_always_come),
		TEST(copies_of_stacks_have_half),
		TEST(copies_of_stacks_have_room),
		TEST(what_was_dealt_with_is_free_again),
		TEST(users_and_cgroups_leave_room_to_others),
		TEST(whose_a_record_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
