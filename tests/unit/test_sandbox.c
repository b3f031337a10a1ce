// SPDX-License-Identifier: GPL-2.0-or-later
/* What a child's own description leaves it; what none can do any more: test_symbol_sandbox.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "base/sandbox.h"

static const struct sandbox_call calls[] = {
	{ .number = SCMP_SYS(fchmod), .argument = 1, .mask = 0xff, .value = 7 },
	{ .number = SCMP_SYS(fchmod), .argument = 1, .mask = 0xff, .value = 8, .error = ENOTTY },
};

static const struct sandbox sandbox = {
	.name = "blockprof-test",
	.uid = 65500,
	.memory_bytes = 64 << 20,
	.mapped_bytes = 4ULL << 30,
	.files = 16,
	.cpu_seconds = 10,
	.calls = calls,
	.nr_calls = sizeof(calls) / sizeof(calls[0]),
};

/* Two pipes are kept, each of which is where the other is to go. The status of the child. */
static int in_sandbox(void (*fn)(void), int *first, int *second)
{
	int one[2], two[2], status;
	pid_t parent = getpid(), pid;

	assert_int_equal(pipe2(one, O_CLOEXEC), 0);
	assert_int_equal(pipe2(two, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		const int kept[] = { SANDBOX_FIRST + 1, SANDBOX_FIRST };
		int spare_one = fcntl(one[1], F_DUPFD, SANDBOX_FIRST + 5);
		int spare_two = fcntl(two[1], F_DUPFD, SANDBOX_FIRST + 5);

		dup2(spare_one, kept[0]);
		dup2(spare_two, kept[1]);
		if (sandbox_enter(&sandbox, kept, 2, parent))
			syscall(SYS_exit_group, 99);
		fn();
		syscall(SYS_exit_group, 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(one[1]);
	close(two[1]);
	*first = one[0];
	*second = two[0];
	return status;
}

static int status_of(void (*fn)(void))
{
	int first, second, status = in_sandbox(fn, &first, &second);

	close(first);
	close(second);
	return status;
}

static void write_both(void)
{
	if (write(SANDBOX_FIRST, "1", 1) != 1 || write(SANDBOX_FIRST + 1, "22", 2) != 2 ||
	    write(SANDBOX_FIRST + 2, "3", 1) != -1)
		syscall(SYS_exit_group, 1);
}

static void descriptors_keep_their_order(void **state)
{
	char bytes[8];
	int first, second;

	(void)state;
	assert_int_equal(in_sandbox(write_both, &first, &second), 0);
	assert_int_equal(read(first, bytes, sizeof(bytes)), 1);
	assert_int_equal(read(second, bytes, sizeof(bytes)), 2);
	close(first);
	close(second);
}

static void make_listed_calls(void)
{
	if (syscall(SYS_fchmod, -1, 7) != -1 || errno != EBADF ||
	    syscall(SYS_fchmod, -1, 8) != -1 || errno != ENOTTY)
		syscall(SYS_exit_group, 1);
}

static void make_other_call(void)
{
	syscall(SYS_fchmod, -1, 9);
}

/* That of the symbolizer, which is not in this list. */
static void seek(void)
{
	lseek(SANDBOX_FIRST, 0, SEEK_CUR);
}

static void calls_are_the_listed_ones(void **state)
{
	int status;

	(void)state;
	assert_int_equal(status_of(make_listed_calls), 0);
	status = status_of(make_other_call);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = status_of(seek);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_keep_their_order),
		cmocka_unit_test(calls_are_the_listed_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
