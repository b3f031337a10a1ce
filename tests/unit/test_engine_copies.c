// SPDX-License-Identifier: GPL-2.0-or-later
/* The copy of a thread's stack becomes the slice's stack. */
#include "engine_fixture.h"

static const struct native_frame unwound[] = {
	{ .addr = 0x1010, .cfa = 0x7010, .flags = NATIVE_EXACT },
	{ .addr = 0x1000, .cfa = 0x7800 },
};

/* Of the thread's stack in the slice that comes, or came; marked by ip. */
static void send_copy(struct test *test, const struct bp_slice *slice, unsigned int flags,
		      unsigned int bytes, uint64_t ip)
{
	struct bp_stack_copy *copy = calloc(1, sizeof(*copy));

	assert_non_null(copy);
	copy->header = header(BP_RECORD_STACK_COPY);
	copy->since_ns = slice->capture.since_ns;
	copy->flags = flags;
	copy->bytes = bytes;
	copy->wanted = BP_STACK_COPY_FIRST_BYTES;
	copy->regs.reg[BP_REGISTER_SP] = 0x7000;
	copy->regs.reg[BP_REGISTER_IP] = ip;
	send(test, copy, offsetof(struct bp_stack_copy, stack) + (bytes < 4096 ? bytes : 4096));
	free(copy);
}

static const struct stack *reported_stack(const struct test *test)
{
	return find(&test->stalls[test->nr_stalls - 1].slices, CAUSE_FILE)->stack;
}

/* A stall of one block, in 0x1000 as frame pointers say; copied before it, or after. */
static void copied_stall(struct test *test, uint64_t seq, bool before, unsigned int flags,
			 unsigned int bytes)
{
	struct bp_slice slice;

	now_ns += 500 * MS;
	slice = slice_of(seq, SYS_fsync, 150 * MS, 0x1000);
	if (before)
		send_copy(test, &slice, flags, bytes, 0x99);
	send_used(test, &slice);
	if (!before)
		send_copy(test, &slice, flags, bytes, 0x99);
	send_turn(test, seq, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
}

static void test_copy_is_unwound(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	copied_stall(test, 7, true, 0, 2048);
	assert_int_equal(test->symbols.unwinds, 1);
	assert_int_equal(test->symbols.unwind_regs.reg[BP_REGISTER_IP], 0x99);
	assert_int_equal(reported_stack(test)->nr, 2);
	assert_string_equal(reported_stack(test)->frames[0].fn, "there");
	assert_string_equal(reported_stack(test)->frames[1].fn, "here");
	assert_false(reported_stack(test)->frames[1].by_frame_pointer);
	assert_int_equal(test->probe.slot[SLOT].stack_copy_bytes, 0);
}

/* None came, or after its slice, or of bytes that are not there: what frame pointers found. */
static void test_copy_is_lost(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	copied_stall(test, 7, false, 0, 2048);
	copied_stall(test, 8, true, 0, 8000);
	copied_stall(test, 9, true, 0, UINT32_MAX);
	copied_stall(test, 10, true, 0, 0);
	assert_int_equal(test->nr_stalls, 4);
	for (size_t i = 0; i < test->nr_stalls; i++) {
		assert_int_equal(find(&test->stalls[i].slices, CAUSE_FILE)->stack->nr, 1);
		assert_string_equal(find(&test->stalls[i].slices, CAUSE_FILE)->stack->frames[0].fn,
				    "here");
	}
	assert_int_equal(test->symbols.unwinds, 0);
	/* one that does not unwind */
	test->symbols.nr_unwound = 0;
	copied_stall(test, 11, true, 0, 2048);
	assert_int_equal(reported_stack(test)->nr, 1);
	assert_int_equal(test->symbols.unwinds, 1);
}

/* What was too short the next copy has more of. */
static void test_copy_is_too_short(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->symbols.unwind_flags = UNWIND_CUT;
	copied_stall(test, 7, true, 0, 2048); /* the stack ended */
	assert_true(reported_stack(test)->cut);
	assert_int_equal(test->probe.slot[SLOT].stack_copy_bytes, 0);
	copied_stall(test, 8, true, BP_STACK_COPY_CUT, 2048);
	assert_true(reported_stack(test)->cut);
	assert_int_equal(test->probe.slot[SLOT].stack_copy_bytes, 2 * BP_STACK_COPY_FIRST_BYTES);
}

static void test_copy_of_a_waker(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_fsync, 150 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	slice.capture.other_stack = (struct bp_stack){ .user_nr = 1, .user = { 0x1000 } };
	send_copy(test, &slice, BP_STACK_COPY_OF_WAKER, 2048, 0x42);
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(reported_stack(test)->nr, 1);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_FILE)->waker.stack->nr, 2);
	assert_int_equal(test->symbols.unwind_regs.reg[BP_REGISTER_IP], 0x42);
}

/* While it lasts the kernel side's buffer is read, if it is of this block. */
static void test_copy_while_it_lasts(void **state)
{
	struct bp_stack_copy *copy = calloc(1, sizeof(*copy));
	struct test *test = start(state);

	assert_non_null(copy);
	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->probe.copy = copy;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].stack_copy = 3;
	copy->header = header(BP_RECORD_STACK_COPY);
	copy->bytes = 100;
	copy->regs.reg[BP_REGISTER_IP] = 0x77;
	engine_run(test->engine);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SLEEP)->stack->nr, 1);
	copy->since_ns = test->probe.slot[SLOT].since_ns;
	look_later(test, 2 * S);
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(find(&test->stalls[1].slices, CAUSE_SLEEP)->stack->nr, 2);
	free(copy);
}

/* A longer one is read from the thread's memory, which has not moved. */
static void test_copy_is_made_longer(void **state)
{
	static unsigned char memory[3 * 4096];
	struct bp_stack_copy *copy = calloc(1, sizeof(*copy));
	struct test *test = start(state);
	struct bp_slice slice;
	unsigned int unwinds;

	assert_non_null(copy);
	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->probe.copy = copy;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].stack_copy = 3;
	copy->header = header(BP_RECORD_STACK_COPY);
	copy->since_ns = test->probe.slot[SLOT].since_ns;
	copy->bytes = 100;
	copy->regs.reg[BP_REGISTER_SP] = (uintptr_t)memory;
	engine_run(test->engine);
	assert_true(test->symbols.unwind_bytes >= sizeof(memory));
	/* it ended before the stack did */
	assert_true(test->probe.slot[SLOT].stack_copy_holes);
	unwinds = test->symbols.unwinds;
	/* and is the slice's, whatever came with that */
	slice = test->probe.slice[SLOT];
	slice.header = header(BP_RECORD_SLICE);
	slice.ns = 150 * MS;
	send_copy(test, &slice, BP_STACK_COPY_CUT, 100, 0x99);
	send_used(test, &slice);
	engine_run(test->engine);
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	engine_run(test->engine);
	assert_int_equal(find(&test->stalls[test->nr_stalls - 1].slices, CAUSE_SLEEP)->stack->nr,
			 2);
	/* it need not be unwound again */
	assert_int_equal(test->symbols.unwinds, unwinds);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_copy_is_unwound),	TEST(test_copy_is_lost),
		TEST(test_copy_is_too_short),	TEST(test_copy_of_a_waker),
		TEST(test_copy_while_it_lasts), TEST(test_copy_is_made_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
