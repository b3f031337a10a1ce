// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a thread blocked: from its system call, what a descriptor stands for, and what the kernel side saw beyond. */
#include "classify_fixture.h"

static void test_calls(void **state)
{
	static const struct {
		int nr;
		enum cause cause;
	} calls[] = {
		{ SYS_clock_nanosleep, CAUSE_SLEEP },
		{ SYS_futex, CAUSE_LOCK },
		{ SYS_wait4, CAUSE_CHILD },
		{ SYS_clone, CAUSE_CHILD },
		{ SYS_fsync, CAUSE_FILE },
		{ SYS_openat, CAUSE_FILE },
		{ SYS_recvfrom, CAUSE_SOCKET },
		{ SYS_epoll_pwait, CAUSE_POLL },
		{ SYS_io_uring_enter, CAUSE_POLL },
		{ SYS_msgrcv, CAUSE_IPC },
		{ SYS_getpid, CAUSE_OTHER },
		{ 4999, CAUSE_OTHER },
		{ -7, CAUSE_OTHER },
		{ BP_NO_SYSCALL, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		expect_cause(state, of_call(calls[i].nr), calls[i].cause);
}

static void test_call_names(void **state)
{
	struct bp_capture *capture;
	struct slice slice = classified(state, of_call(SYS_clock_nanosleep));

	assert_string_equal(slice.syscall, "clock_nanosleep");
	slice_clear(&slice);
	slice = classified(state, of_call(4999));
	assert_string_equal(slice.syscall, "syscall_4999");
	slice_clear(&slice);
	slice = classified(state, of_call(BP_NO_SYSCALL));
	assert_null(slice.syscall);
	slice_clear(&slice);
	capture = of_call(SYS_read); /* 32-bit programs count differently */
	capture->block.flags = BP_BLOCK_COMPAT;
	slice = classified(state, capture);
	assert_null(slice.syscall);
	assert_int_equal(slice.cause, CAUSE_OTHER);
	slice_clear(&slice);
}

/* What the kernel side saw beyond the call counts first, in this order. */
static void test_flags(void **state)
{
	static const struct {
		unsigned int flags;
		enum cause cause;
	} all[] = {
		{ BP_BLOCK_STOPPED, CAUSE_STOPPED }, { BP_BLOCK_GIL, CAUSE_GIL },
		{ BP_BLOCK_TRY_LOCK, CAUSE_FILE },   { BP_BLOCK_TRY_CHILD, CAUSE_CHILD },
		{ BP_BLOCK_COMPAT, CAUSE_OTHER },    { BP_BLOCK_FAULT, CAUSE_FAULT },
		{ BP_BLOCK_DISK, CAUSE_SLEEP },	     { BP_BLOCK_EARLIER, CAUSE_SLEEP },
	};
	unsigned int rest = 0;

	for (int i = sizeof(all) / sizeof(all[0]); i-- > 0;) {
		struct bp_capture *capture = of_call(SYS_clock_nanosleep);

		capture->block.flags = all[i].flags;
		expect_cause(state, capture, all[i].cause);
		rest |= all[i].flags;
		capture = of_call(SYS_clock_nanosleep);
		capture->block.flags = rest;
		expect_cause(state, capture, all[i].cause);
	}
}

/* What a descriptor stands for says more than the call does. */
static void test_objects(void **state)
{
	static const int calls[] = { SYS_read, SYS_writev, SYS_ioctl, SYS_sendto };
	static const struct {
		unsigned int kind;
		enum cause cause;
	} kinds[] = {
		{ BP_OBJECT_SOCKET, CAUSE_SOCKET },
		{ BP_OBJECT_PIPE, CAUSE_PIPE },
		{ BP_OBJECT_ANON, CAUSE_OTHER }, /* eventfd, timerfd */
		{ BP_OBJECT_CHAR, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			expect_cause(state, of_kind(calls[i], kinds[k].kind), kinds[k].cause);
	expect_cause(state, of_kind(SYS_read, BP_OBJECT_FILE), CAUSE_FILE);
	expect_cause(state, of_kind(SYS_read, BP_OBJECT_NONE), CAUSE_FILE);
	expect_cause(state, of_kind(SYS_recvfrom, BP_OBJECT_NONE), CAUSE_SOCKET);
	expect_cause(state, of_kind(SYS_read, 99), CAUSE_FILE);
	/* not for what a call does to something else */
	expect_cause(state, of_kind(SYS_futex, BP_OBJECT_SOCKET), CAUSE_LOCK);
	expect_cause(state, of_kind(SYS_mq_timedsend, BP_OBJECT_FILE), CAUSE_IPC);
}

static void test_polls(void **state)
{
	static const int calls[] = { SYS_ppoll, SYS_pselect6,
#ifdef SYS_poll
				     SYS_poll, SYS_select
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool select = i % 2;
		struct bp_capture *capture = of_kind(calls[i], BP_OBJECT_NONE);

		capture->object.nr_fds = 0; /* nothing but the timeout */
		expect_cause(state, capture, CAUSE_SLEEP);
		/* in a sum it is not known on which */
		capture = of_kind(calls[i], BP_OBJECT_NONE);
		capture->object.nr_fds = 0;
		capture->block.flags = BP_BLOCK_FDS;
		expect_cause(state, capture, CAUSE_POLL);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_SOCKET), CAUSE_SOCKET);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_PIPE), CAUSE_PIPE);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_ANON), CAUSE_POLL);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_NONE), CAUSE_POLL);
		/* poll: the first of several is not the one; select's nfds is no count */
		capture = of_kind(calls[i], BP_OBJECT_SOCKET);
		capture->object.nr_fds = 2;
		expect_cause(state, capture, select ? CAUSE_SOCKET : CAUSE_POLL);
	}
	expect_cause(state, of_kind(SYS_epoll_pwait, BP_OBJECT_ANON), CAUSE_POLL);
	expect_cause(state, of_kind(SYS_epoll_pwait, BP_OBJECT_SOCKET), CAUSE_POLL);
}

static void test_futex(void **state)
{
	for (int gil = 0; gil < 2; gil++) {
		struct bp_capture *capture = of_call(SYS_futex);
		struct slice slice;

		capture->block.args[0] = 0x7f1234567890;
		capture->block.flags = gil ? BP_BLOCK_GIL : 0;
		slice = classified(state, capture);
		assert_int_equal(slice.cause, gil ? CAUSE_GIL : CAUSE_LOCK);
		assert_int_equal(slice.target.kind, TARGET_FUTEX);
		assert_int_equal(slice.target.addr, 0x7f1234567890);
		slice_clear(&slice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls), cmocka_unit_test(test_call_names),
		cmocka_unit_test(test_flags), cmocka_unit_test(test_objects),
		cmocka_unit_test(test_polls), cmocka_unit_test(test_futex),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
