// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of system calls, and the table that the kernel side gets of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "probe/syscall.h"

static void test_causes(void **state)
{
	static const struct {
		int nr;
		enum cause cause;
		unsigned int flags;
	} known[] = {
		{ SYS_read, CAUSE_FILE, BP_SYSCALL_FD },
		{ SYS_fsync, CAUSE_FILE, BP_SYSCALL_FD | BP_SYSCALL_SYNC },
		{ SYS_flock, CAUSE_FILE, BP_SYSCALL_FD },
		{ SYS_openat, CAUSE_FILE, BP_SYSCALL_PATHAT },
		{ SYS_statx, CAUSE_FILE, BP_SYSCALL_PATHAT },
		{ SYS_truncate, CAUSE_FILE, BP_SYSCALL_PATH },
		{ SYS_sync, CAUSE_FILE, BP_SYSCALL_SYNC },
		{ SYS_connect, CAUSE_SOCKET, BP_SYSCALL_FD },
		{ SYS_recvmsg, CAUSE_SOCKET, BP_SYSCALL_FD },
		{ SYS_ppoll, CAUSE_POLL, BP_SYSCALL_POLL },
		{ SYS_pselect6, CAUSE_POLL, BP_SYSCALL_SELECT },
		{ SYS_epoll_pwait, CAUSE_POLL, BP_SYSCALL_FD },
		{ SYS_io_uring_enter, CAUSE_POLL, BP_SYSCALL_FD },
		{ SYS_nanosleep, CAUSE_SLEEP, BP_SYSCALL_SLEEP },
		{ SYS_clock_nanosleep, CAUSE_SLEEP, BP_SYSCALL_SLEEP },
		{ SYS_futex, CAUSE_LOCK, 0 },
		{ SYS_wait4, CAUSE_CHILD, 0 },
		{ SYS_waitid, CAUSE_CHILD, 0 },
		{ SYS_clone3, CAUSE_CHILD, 0 },
		{ SYS_msgrcv, CAUSE_IPC, 0 },
		{ SYS_semtimedop, CAUSE_IPC, 0 },
		{ SYS_mq_timedreceive, CAUSE_IPC, BP_SYSCALL_FD },
#ifdef SYS_open
		{ SYS_open, CAUSE_FILE, BP_SYSCALL_PATH },
		{ SYS_poll, CAUSE_POLL, BP_SYSCALL_POLL },
		{ SYS_select, CAUSE_POLL, BP_SYSCALL_SELECT },
		{ SYS_epoll_wait, CAUSE_POLL, BP_SYSCALL_FD },
		{ SYS_vfork, CAUSE_CHILD, 0 },
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct syscall_info *info = syscall_info(known[i].nr);

		assert_non_null(info);
		assert_int_equal(info->nr, known[i].nr);
		assert_int_equal(info->cause, known[i].cause);
		assert_int_equal(info->flags, known[i].flags);
	}
}

static void test_unknown(void **state)
{
	(void)state;
	assert_null(syscall_info(SYS_getpid));
	assert_null(syscall_info(BP_NO_SYSCALL));
	assert_null(syscall_info(INT32_MAX));
	assert_null(syscall_info(INT32_MIN));
}

static void test_names(void **state)
{
	char name[32];

	(void)state;
	assert_string_equal(syscall_name(SYS_clock_nanosleep, name, sizeof(name)),
			    "clock_nanosleep");
	assert_string_equal(syscall_name(SYS_openat, name, sizeof(name)), "openat");
	assert_string_equal(syscall_name(SYS_getpid, name, sizeof(name)), "getpid");
	assert_string_equal(syscall_name(4999, name, sizeof(name)), "syscall_4999");
	assert_string_equal(syscall_name(INT32_MIN, name, sizeof(name)), "syscall_-2147483648");
	assert_string_equal(syscall_name(SYS_clock_nanosleep, name, 6), "clock");
}

/* The kernel side's table says of each number what this side says. */
static void test_flags(void **state)
{
	unsigned short flags[BP_SYSCALLS + 1];

	(void)state;
	memset(flags, 0xa5, sizeof(flags));
	syscall_fill_flags(flags);
	for (int nr = 0; nr < BP_SYSCALLS; nr++) {
		const struct syscall_info *info = syscall_info(nr);
		unsigned int expected = info ? info->flags : 0;

		/* without descriptors these are sleeps: poll() in C, time.sleep of Python <= 3.10 */
		if (expected & (BP_SYSCALL_POLL | BP_SYSCALL_SELECT))
			expected |= BP_SYSCALL_SLEEP;
		assert_int_equal(flags[nr], expected);
	}
	assert_int_equal(flags[BP_SYSCALLS], 0xa5a5);
	assert_true(flags[SYS_pselect6] & BP_SYSCALL_SLEEP);
	assert_false(flags[SYS_read] & BP_SYSCALL_SLEEP);
	assert_int_equal(flags[SYS_getpid], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
