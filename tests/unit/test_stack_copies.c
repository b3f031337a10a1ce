// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies of stacks wait for the records that they are of; how large they are to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/stack_copies.h"

#define HEAD	  offsetof(struct bp_stack_copy, stack)
#define SINCE	  1000u
#define KEPT_MOST 256 /* copies of usual size */

static int setup(void **state)
{
	struct stack_copies *copies;

	if (stack_copies_new(&copies))
		return -1;
	*state = copies;
	return 0;
}

static int teardown(void **state)
{
	stack_copies_free(*state);
	return 0;
}

/* A record of exactly sent bytes of stack: what is read beyond is seen by the sanitizer. */
static void add(struct stack_copies *stack_copies, unsigned int slot, uint64_t since_ns,
		unsigned int flags, unsigned int bytes, size_t sent)
{
	struct bp_stack_copy *copy = calloc(1, HEAD + sent);

	assert_non_null(copy);
	copy->header = (struct bp_header){ .type = BP_RECORD_STACK_COPY, .slot = slot, .tid = 7 };
	copy->since_ns = since_ns;
	copy->flags = flags;
	copy->bytes = bytes;
	memset(copy->stack, 's', sent);
	stack_copies_add(stack_copies, &copy->header, HEAD + sent);
	free(copy);
}

static bool has(struct stack_copies *stack_copies, unsigned int slot, unsigned int tid,
		uint64_t since_ns, bool other)
{
	struct bp_stack_copy *copy = stack_copies_take(stack_copies, slot, tid, since_ns, other);
	bool found = copy;

	if (copy)
		assert_int_equal(copy->stack[copy->bytes - 1], 's');
	free(copy);
	return found;
}

static void test_of_one_record(void **state)
{
	struct stack_copies *stack_copies = *state;

	add(stack_copies, 1, SINCE, 0, 100, 100);
	assert_false(has(stack_copies, 2, 7, SINCE, false));
	assert_false(has(stack_copies, 1, 8, SINCE, false));
	assert_false(has(stack_copies, 1, 7, SINCE + 1, false));
	assert_false(has(stack_copies, 1, 7, SINCE, true));
	assert_true(has(stack_copies, 1, 7, SINCE, false));
	assert_false(has(stack_copies, 1, 7, SINCE, false)); /* it is of one record */
}

/* The waker's has the waker's tid; others' records come in between. */
static void test_in_any_order(void **state)
{
	struct stack_copies *stack_copies = *state;

	add(stack_copies, 1, SINCE, BP_STACK_COPY_OF_WAKER, 100, 100);
	add(stack_copies, 2, SINCE, 0, 5, 5);
	add(stack_copies, 1, SINCE, BP_STACK_COPY_CUT, 10, 10);
	assert_true(has(stack_copies, 1, 7, SINCE, false));
	assert_true(has(stack_copies, 1, 99, SINCE, true));
	assert_true(has(stack_copies, 2, 7, SINCE, false));
}

/* That of the ring, and one that was read while the block lasted. */
static void test_the_longest_counts(void **state)
{
	struct stack_copies *stack_copies = *state;
	struct bp_stack_copy *copy;

	for (int i = 0; i < 2; i++) {
		add(stack_copies, 1, SINCE, 0, i ? 100 : 5000, i ? 100 : 5000);
		add(stack_copies, 1, SINCE, 0, i ? 5000 : 100, i ? 5000 : 100);
		assert_non_null(stack_copies_find(stack_copies, 1, 7, SINCE));
		assert_null(stack_copies_find(stack_copies, 1, 7, SINCE + 1));
		copy = stack_copies_take(stack_copies, 1, 7, SINCE, false);
		assert_non_null(copy);
		assert_int_equal(copy->bytes, 5000);
		free(copy);
		assert_null(stack_copies_find(stack_copies, 1, 7, SINCE));
	}
}

static void test_hostile_sizes(void **state)
{
	static const unsigned int bytes[] = { 0, 101, 65537, 0x80000000u, 0xffffffffu };
	struct stack_copies *stack_copies = *state;
	struct bp_stack_copy head = {
		.header = { .type = BP_RECORD_STACK_COPY, .slot = 1, .tid = 7 },
		.since_ns = SINCE,
		.bytes = 1
	};

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		add(stack_copies, 1, SINCE, 0, bytes[i], 100);
	add(stack_copies, 1, SINCE, 0, BP_STACK_COPY_BYTES + 1, BP_STACK_COPY_BYTES + 1);
	for (size_t sent = sizeof(struct bp_header); sent <= HEAD; sent++) {
		struct bp_header *record = malloc(sent);

		assert_non_null(record);
		memcpy(record, &head, sent);
		stack_copies_add(stack_copies, record, sent);
		free(record);
	}
	assert_false(has(stack_copies, 1, 7, SINCE, false));
	add(stack_copies, 1, SINCE, 0, BP_STACK_COPY_BYTES, BP_STACK_COPY_BYTES);
	assert_true(has(stack_copies, 1, 7, SINCE, false));
}

/* Their records were lost: memory is bounded, the oldest go. */
static void test_too_many(void **state)
{
	struct stack_copies *stack_copies = *state;

	for (unsigned int slot = 1; slot <= KEPT_MOST + 10; slot++)
		add(stack_copies, slot, SINCE, 0, 100, 100);
	assert_false(has(stack_copies, 10, 7, SINCE, false));
	assert_true(has(stack_copies, 11, 7, SINCE, false));
	for (unsigned int slot = 1; slot <= KEPT_MOST; slot++)
		add(stack_copies, slot, SINCE, 0, BP_STACK_COPY_BYTES, BP_STACK_COPY_BYTES);
	assert_true(has(stack_copies, KEPT_MOST, 7, SINCE, false));
	assert_false(has(stack_copies, KEPT_MOST - 128, 7, SINCE, false)); /* 8 MiB of them */
}

static struct bp_stack_copy *copy_of(unsigned int wanted, unsigned int flags)
{
	struct bp_stack_copy *copy = calloc(1, sizeof(*copy));

	assert_non_null(copy);
	copy->wanted = wanted;
	copy->flags = flags;
	copy->bytes = wanted;
	return copy;
}

static bool adapt(struct copy_size *size, unsigned int wanted, unsigned int flags,
		  const struct copy_use *use)
{
	struct bp_stack_copy *copy = copy_of(wanted, flags);
	bool changed = copy_size_adapt(size, copy, use);

	free(copy);
	return changed;
}

static void test_size_grows(void **state)
{
	struct copy_use cut = { .unwound = true, .cut = true, .bytes = 16000 };
	struct copy_size size = { 0 };

	(void)state;
	assert_true(adapt(&size, BP_STACK_COPY_FIRST_BYTES, BP_STACK_COPY_CUT, &cut));
	assert_int_equal(size.bytes, 2 * BP_STACK_COPY_FIRST_BYTES);
	/* one that was made before that */
	assert_false(adapt(&size, BP_STACK_COPY_FIRST_BYTES, BP_STACK_COPY_CUT, &cut));
	assert_int_equal(size.bytes, BP_STACK_COPY_BYTES);
	assert_false(adapt(&size, BP_STACK_COPY_BYTES, BP_STACK_COPY_CUT, &cut));
	/* the stack ended, or a page of it was not in memory: more would not help */
	size = (struct copy_size){ 0 };
	assert_false(adapt(&size, BP_STACK_COPY_FIRST_BYTES, 0, &cut));
	cut.unwound = false;
	assert_false(adapt(&size, BP_STACK_COPY_FIRST_BYTES, BP_STACK_COPY_CUT, &cut));
}

/* A copy of the whole stack, made while the block lasted, says how much it takes. */
static void test_size_grows_at_once(void **state)
{
	struct copy_use much = { .unwound = true, .bytes = 40000 };
	struct copy_size size = { .holes = true };

	(void)state;
	assert_true(adapt(&size, BP_STACK_COPY_BYTES, 0, &much));
	assert_int_equal(size.bytes, BP_STACK_COPY_BYTES);
	assert_true(size.holes);
}

static void test_size_shrinks(void **state)
{
	struct copy_use little = { .unwound = true, .bytes = 3000 }, much = little;
	struct copy_size size = { .bytes = BP_STACK_COPY_BYTES, .holes = true };
	unsigned int changes = 0;

	(void)state;
	for (int i = 0; i < 31; i++)
		assert_false(adapt(&size, size.bytes, 0, &little));
	assert_true(adapt(&size, size.bytes, 0, &little));
	assert_int_equal(size.bytes, BP_STACK_COPY_BYTES / 2);
	assert_false(size.holes);
	/* one deep stack among many keeps it */
	much.bytes = BP_STACK_COPY_BYTES / 4;
	for (int i = 0; i < 31; i++)
		assert_false(adapt(&size, size.bytes, 0, i == 5 ? &much : &little));
	assert_false(adapt(&size, size.bytes, 0, &little));
	for (int i = 0; i < 1000; i++)
		changes += adapt(&size, size.bytes, 0, &little);
	assert_int_equal(changes, 2);
	assert_int_equal(size.bytes, 8192); /* 3000 is more than a quarter of it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_one_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_longest_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test(test_size_grows),
		cmocka_unit_test(test_size_grows_at_once),
		cmocka_unit_test(test_size_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
