// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process can no longer do once it is in the symbolizer's sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/no_paths.h"
#include "base/sandbox.h"
#include "symbol/child/symbolizer.h"

struct attempt {
	int shared_fd; /* was open before */
	char *shared; /* was shared memory before */
};

typedef void (*attempt_fn)(const struct attempt *attempt);

/* Does it in a sandbox: the status, as waitpid() gives it. */
static int in_sandbox(attempt_fn fn)
{
	int memory = memfd_create("shared", MFD_CLOEXEC);
	/* Beyond those that the sandbox has a use for. */
	struct attempt attempt = { .shared_fd = fcntl(memory, F_DUPFD_CLOEXEC, SANDBOX_FIRST + 5) };
	int sockets[2], status;
	pid_t parent = getpid(), pid;

	assert_true(attempt.shared_fd > SANDBOX_FIRST);
	close(memory);
	assert_int_equal(ftruncate(attempt.shared_fd, 4096), 0);
	attempt.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, attempt.shared_fd, 0);
	assert_ptr_not_equal(attempt.shared, MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	pid = fork();
	if (pid == 0) {
		if (sandbox_enter(&symbolizer_sandbox, &sockets[1], 1, parent))
			syscall(SYS_exit_group, 99);
		fn(&attempt);
		/* The raw call: no handler, no sanitizer's last words. */
		syscall(SYS_exit_group, 0);
	}
	assert_true(pid > 0);
	close(sockets[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(sockets[0]);
	munmap(attempt.shared, 4096);
	close(attempt.shared_fd);
	return status;
}

static void nothing(const struct attempt *attempt)
{
	(void)attempt;
}

static void allocate_and_answer(const struct attempt *attempt)
{
	char *memory = malloc(8 << 20);

	(void)attempt;
	memset(memory, 1, 8 << 20);
	memory = realloc(memory, 16 << 20);
	if (send(SANDBOX_FIRST, memory, 16, 0) != 16)
		syscall(SYS_exit_group, 1);
	free(memory);
}

static void use_descriptor(const struct attempt *attempt)
{
	char byte;

	if (read(attempt->shared_fd, &byte, 1) != -1 || errno != EBADF)
		syscall(SYS_exit_group, 1);
}

static void open_file(const struct attempt *attempt)
{
	(void)attempt;
	if (open("/etc/hostname", O_RDONLY) != -1 || open("/tmp", O_RDONLY | O_DIRECTORY) != -1)
		syscall(SYS_exit_group, 1);
}

/* Of a descriptor: yes; of a path: not even whether it is there. */
static void ask_status(const struct attempt *attempt)
{
	struct stat status;

	(void)attempt;
	if (fstat(SANDBOX_FIRST, &status) || stat("/", &status) != -1 ||
	    fcntl(SANDBOX_FIRST, F_GETFD) < 0)
		syscall(SYS_exit_group, 1);
}

static void may(void **state)
{
	static const attempt_fn attempts[] = { nothing, allocate_and_answer, use_descriptor,
					       open_file, ask_status };

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (in_sandbox(attempts[i]) != 0)
			fail_msg("attempt %zu", i);
}

static void make_socket(const struct attempt *attempt)
{
	(void)attempt;
	socket(AF_INET, SOCK_STREAM, 0);
}

static void start_program(const struct attempt *attempt)
{
	char *argv[] = { (char *)"true", NULL };

	(void)attempt;
	execve("/bin/true", argv, argv + 1);
}

static void start_process(const struct attempt *attempt)
{
	(void)attempt;
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void signal_other(const struct attempt *attempt)
{
	(void)attempt;
	kill(getppid(), 0);
}

static void read_other(const struct attempt *attempt)
{
	char here;
	struct iovec part = { &here, 1 }, there = { (void *)attempt, 1 };

	process_vm_readv(1, &part, 1, &there, 1, 0);
}

static void trace_other(const struct attempt *attempt)
{
	(void)attempt;
	ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static void make_code(const struct attempt *attempt)
{
	(void)attempt;
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void make_code_later(const struct attempt *attempt)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)attempt;
	mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

/* Signals for whoever it likes, by way of a descriptor. */
static void own_signals(const struct attempt *attempt)
{
	(void)attempt;
	fcntl(SANDBOX_FIRST, F_SETOWN, getppid());
}

static void call_bpf(const struct attempt *attempt)
{
	(void)attempt;
	syscall(SYS_bpf, 0, NULL, 0);
}

static void is_killed(void **state)
{
	static const attempt_fn attempts[] = { make_socket,  start_program,   start_process,
					       signal_other, read_other,      trace_other,
					       make_code,    make_code_later, own_signals,
					       call_bpf };

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int status = in_sandbox(attempts[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("attempt %zu: status %#x", i, status);
	}
}

/* A BPF map that the parent has in its memory, say. */
static void touch_shared(const struct attempt *attempt)
{
	/* Asked of the kernel, which gives an error where a read would be a fault. */
	if (write(SANDBOX_FIRST, attempt->shared, 1) != -1 || errno != EFAULT)
		syscall(SYS_exit_group, 1);
}

static void shared_memory_is_gone(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(touch_shared), 0);
}

/* What the empty root and Landlock do without the filter of system calls. */
static void paths_are_gone(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		int etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		bool has_landlock = syscall(444, NULL, 0, 1) > 0;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !no_paths())
			_exit(1);
		if (access("/etc/passwd", F_OK) == 0 || access("/proc", F_OK) == 0 ||
		    access("..", F_OK) != 0 || access("../proc", F_OK) == 0)
			_exit(2);
		if (has_landlock && openat(etc, "passwd", O_RDONLY) != -1)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Lower limits than its own are no reason not to go on: raising them is not allowed. */
static void lower_limits(void **state)
{
	static const struct rlimit low = { 77, 77 };
	int sockets[2], status;
	pid_t parent = getpid(), pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	pid = fork();
	if (pid == 0) {
		cap_t none = cap_init();

		if (setrlimit(RLIMIT_CPU, &low) || setrlimit(RLIMIT_NOFILE, &low) ||
		    cap_set_proc(none) ||
		    sandbox_enter(&symbolizer_sandbox, &sockets[1], 1, parent))
			syscall(SYS_exit_group, 1);
		syscall(SYS_exit_group, 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(sockets[0]);
	close(sockets[1]);
}

/* Without its parent it must not live on, nor begin to. */
static void no_parent(void **state)
{
	int sockets[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	pid = fork();
	if (pid == 0)
		_exit(sandbox_enter(&symbolizer_sandbox, &sockets[1], 1, 1 << 23) == -ESRCH ? 0
											    : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(sockets[0]);
	close(sockets[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(may),
		cmocka_unit_test(is_killed),
		cmocka_unit_test(shared_memory_is_gone),
		cmocka_unit_test(paths_are_gone),
		cmocka_unit_test(lower_limits),
		cmocka_unit_test(no_parent),
	};

	return cmocka_run_group_tests_name("symbol_sandbox", tests, NULL, NULL);
}
