// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts about real processes: hostile names, zombies, threads, children, stopped ones. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/process_file.h"
#include "proc/process.h"
#include "proc/procfs.h"

/* A child that has done its preparation and waits to be killed. */
static pid_t start(void (*prepare)(const void *arg), const void *arg)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		if (prepare)
			prepare(arg);
		if (write(fds[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void set_name(const void *name)
{
	prctl(PR_SET_NAME, name);
}

static void test_hostile_comms(void **state)
{
	static const char *const names[] = {
		"plain",
		"a b c",
		")",
		"x) Z 1 (y",
		"(((",
		") S 1 1 1 0 -1",
		"a\nTgid:\t1\nb",
		"\n",
		"a\n",
		" ",
		"\xff\xfe",
		"\033[2J",
		"123456789012345",
		"Tgid:\t7",
		"\n) R 0 0",
	};
	struct timespec now;
	uint64_t first, own, ticks;
	char comm[16];
	pid_t tgid, pid;

	(void)state;
	assert_int_equal(process_start_time(getpid(), &own), 0);
	assert_true(own > 0);
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_true(own <= ((uint64_t)now.tv_sec + 1) * (uint64_t)sysconf(_SC_CLK_TCK));
	first = own;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid = start(set_name, names[i]);
		assert_int_equal(process_comm(pid, comm), 0);
		assert_string_equal(comm, names[i]);
		assert_int_equal(process_thread_comm(pid, pid, comm), 0);
		assert_string_equal(comm, names[i]);
		assert_int_equal(process_kind(pid, &tgid), PROCESS_NORMAL);
		assert_int_equal(tgid, pid);
		assert_int_equal(process_parent(pid), getpid());
		assert_int_equal(process_start_time(pid, &ticks), 0);
		/* The same each time, and none began before the one before it. */
		assert_true(ticks >= first);
		first = ticks;
		assert_int_equal(process_start_time(pid, &ticks), 0);
		assert_true(ticks == first);
		assert_false(process_is_stopped(pid));
		end(pid);
	}
}

static void test_nobody(void **state)
{
	static const pid_t pids[] = { 0, -1, INT_MIN, INT_MAX };
	uint64_t ticks;
	char comm[16];
	pid_t tgid;

	(void)state;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		assert_int_equal(process_kind(pids[i], &tgid), PROCESS_NONE);
		assert_int_equal(process_kind(pids[i], NULL), PROCESS_NONE);
		assert_true(process_start_time(pids[i], &ticks) < 0);
		assert_true(process_comm(pids[i], comm) < 0);
		assert_true(process_thread_comm(pids[i], pids[i], comm) < 0);
		assert_null(process_exe(pids[i]));
		assert_null(process_cwd(pids[i]));
		assert_null(process_fd_path(pids[i], 0));
		assert_int_equal(process_parent(pids[i]), 0);
		assert_false(process_is_stopped(pids[i]));
	}
}

static void test_kernel_thread(void **state)
{
	pid_t tgid;

	(void)state;
	/* Not there in a pid namespace of its own. */
	if (process_kind(2, &tgid) == PROCESS_NONE || process_parent(2) != 0)
		skip();
	assert_int_equal(process_kind(2, &tgid), PROCESS_KERNEL_THREAD);
	assert_int_equal(tgid, 2);
	assert_null(process_exe(2));
}

static void test_zombie(void **state)
{
	siginfo_t info;
	pid_t pid = fork(), tgid;

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_kind(pid, &tgid), PROCESS_ZOMBIE);
	assert_int_equal(tgid, pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_kind(pid, &tgid), PROCESS_NONE);
}

static void *sleep_for_good(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* The state of the leader's own: 'Z' once it is gone. */
static char leader_state(pid_t pid)
{
	char path[64], text[256], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	end = strrchr(text, ')');
	assert_non_null(end);
	return end[2];
}

static void test_leader_gone(void **state)
{
	pid_t pid = fork(), tgid;
	pthread_t thread;

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&thread, NULL, sleep_for_good, NULL))
			_exit(1);
		syscall(SYS_exit, 0); /* this thread only */
	}
	while (leader_state(pid) != 'Z')
		usleep(1000);
	assert_int_equal(process_kind(pid, &tgid), PROCESS_NORMAL);
	end(pid);
}

struct thread {
	pthread_barrier_t ready;
	pthread_barrier_t over;
	pid_t tid;
	pid_t child;
};

static void *run_thread(void *arg)
{
	struct thread *thread = arg;

	prctl(PR_SET_NAME, "wor) ker\n");
	thread->tid = gettid();
	thread->child = fork();
	if (!thread->child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	pthread_barrier_wait(&thread->ready);
	pthread_barrier_wait(&thread->over);
	return NULL;
}

static int has(const pid_t *pids, int nr, pid_t pid)
{
	for (int i = 0; i < nr; i++) {
		if (pids[i] == pid)
			return 1;
	}
	return 0;
}

static void test_thread_and_children(void **state)
{
	pid_t tgid, children[64], own, grandchild_parent;
	struct thread thread = { 0 };
	pthread_t pthread;
	char comm[16];
	int nr;

	(void)state;
	pthread_barrier_init(&thread.ready, NULL, 2);
	pthread_barrier_init(&thread.over, NULL, 2);
	own = start(NULL, NULL);
	assert_int_equal(pthread_create(&pthread, NULL, run_thread, &thread), 0);
	pthread_barrier_wait(&thread.ready);

	assert_int_equal(process_kind(thread.tid, &tgid), PROCESS_THREAD);
	assert_int_equal(tgid, getpid());
	assert_int_equal(process_thread_comm(getpid(), thread.tid, comm), 0);
	assert_string_equal(comm, "wor) ker\n");
	assert_true(process_thread_comm(getpid(), 1, comm) < 0);

	/* This program was executed, what it forked is a copy of it. */
	assert_true(process_is_copy(own));
	assert_false(process_is_copy(getpid()));
	assert_false(process_is_copy(INT_MAX));

	/* Those of all threads; no others. */
	nr = process_children(getpid(), children, 64);
	assert_int_equal(nr, 2);
	assert_true(has(children, nr, own));
	assert_true(has(children, nr, thread.child));
	assert_int_equal(process_children(getpid(), children, 1), 1);
	assert_int_equal(process_children(getpid(), children, 0), 0);
	assert_int_equal(process_children(own, children, 64), 0);
	grandchild_parent = process_parent(thread.child);
	assert_int_equal(grandchild_parent, getpid());
	nr = process_children_listed(getpid(), children, 64);
	assert_true(nr == 2 || nr == -EOPNOTSUPP);
	assert_int_equal(process_children_listed(INT_MAX, children, 64), -ESRCH);

	pthread_barrier_wait(&thread.over);
	pthread_join(pthread, NULL);
	pthread_barrier_destroy(&thread.ready);
	pthread_barrier_destroy(&thread.over);
	end(own);
	end(thread.child);
}

static void test_stopped(void **state)
{
	pid_t pid = start(NULL, NULL);
	int status;

	(void)state;
	assert_false(process_is_stopped(pid));
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_true(process_is_stopped(pid));
	assert_int_equal(process_kind(pid, NULL), PROCESS_NORMAL);
	end(pid);
}

/* A copy of sleep(1) runs from a file that is then removed. */
static void test_deleted_exe(void **state)
{
	char dir[] = "/tmp/test_process.XXXXXX", path[64], buf[65536], c;
	int from, to, fds[2];
	char *exe, *cwd;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gone (x)", dir);
	from = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(from >= 0 && to >= 0);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		assert_int_equal(write(to, buf, (size_t)n), n);
	close(from);
	close(to);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (!chdir(dir))
			execl(path, "sleep", "1000", NULL);
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0); /* closed by execve() */
	close(fds[0]);
	exe = process_exe(pid);
	assert_string_equal(exe, path);
	free(exe);
	unlink(path);
	exe = process_exe(pid);
	assert_string_equal(exe, path);
	free(exe);
	cwd = process_cwd(pid);
	assert_string_equal(cwd, dir);
	free(cwd);
	rmdir(dir);
	end(pid);
}

static void test_descriptor(void **state)
{
	char expected[64];
	struct stat stat;
	int fds[2], file;
	char *path;

	(void)state;
	file = open("/dev/null", O_RDONLY);
	path = process_fd_path(getpid(), file);
	assert_string_equal(path, "/dev/null");
	free(path);
	close(file);
	assert_null(process_fd_path(getpid(), file));
	assert_null(process_fd_path(getpid(), -1));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fstat(fds[0], &stat), 0);
	snprintf(expected, sizeof(expected), "pipe:[%lu]", (unsigned long)stat.st_ino);
	path = process_fd_path(getpid(), fds[1]);
	assert_string_equal(path, expected);
	free(path);
	close(fds[0]);
	close(fds[1]);
}

static void number_and_user(void **state)
{
	uid_t user = 1;

	(void)state;
	assert_int_equal(process_own_number(getpid()), getpid());
	assert_int_equal(process_own_number(1 << 29), 0);
	assert_int_equal(process_user(getpid(), &user), 0);
	assert_int_equal(user, geteuid());
	assert_true(process_user(1 << 29, &user) < 0);
	if (geteuid())
		skip();
	assert_int_equal(seteuid(12345), 0);
	assert_int_equal(process_user(getpid(), &user), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(user, 12345);
}

/* Forked, and when; this program has been executed. */
static void test_forked(void **state)
{
	uint64_t before_ns = clock_now_ns(), started_ns;
	pid_t child = fork();

	(void)state;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_true(process_is_forked(child));
	assert_true(process_is_copy(child));
	assert_false(process_is_forked(getpid()));
	assert_false(process_is_forked(-1));
	started_ns = process_started_ns(child);
	/* a clock tick is 10 ms at the most */
	assert_in_range(started_ns, before_ns - 10000000, clock_now_ns());
	assert_int_equal(process_started_ns(-1), 0);
	end(child);
}

/* Two that compute on one CPU: while one of them runs the other one is ready to. */
static pid_t compute_on(const cpu_set_t *cpu)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sched_setaffinity(0, sizeof(*cpu), cpu);
		for (;;)
			;
	}
	assert_true(child > 0);
	return child;
}

static void test_busy(void **state)
{
	uint64_t ran_ns = 0, busy_ns = 0;
	pid_t children[2];
	cpu_set_t cpu;

	(void)state;
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	for (int i = 0; i < 2; i++)
		children[i] = compute_on(&cpu);
	for (int i = 0; i < 2; i++)
		while (process_ran_ns(children[i]) < 100 * NS_PER_MS)
			usleep(1000);
	for (int i = 0; i < 2; i++) {
		ran_ns += process_ran_ns(children[i]);
		busy_ns += process_all_busy_ns(children[i]);
		end(children[i]);
	}
	assert_true(busy_ns > ran_ns + ran_ns / 4);
	assert_int_equal(process_all_busy_ns(-1), 0);
}

/* What has gone is not looked up: /proc says -ENOENT, later. */
static void test_gone(void **state)
{
	pid_t child = start(NULL, NULL);
	FILE *file = stdin;
	siginfo_t info;
	int fd;

	(void)state;
	kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	fd = process_file_open(child, "stat", 0); /* of a zombie there is one */
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_file_open(child, "stat", 0), -ESRCH);
	assert_int_equal(process_file_stream(child, "stat", &file), -ESRCH);
	assert_null(file);
	assert_null(procfs_link(child, "exe"));
	assert_int_equal(errno, ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_comms), cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_kernel_thread), cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_leader_gone),   cmocka_unit_test(test_thread_and_children),
		cmocka_unit_test(test_stopped),	      cmocka_unit_test(test_deleted_exe),
		cmocka_unit_test(test_descriptor),    cmocka_unit_test(test_forked),
		cmocka_unit_test(number_and_user),    cmocka_unit_test(test_busy),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
