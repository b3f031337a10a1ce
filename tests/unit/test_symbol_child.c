// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of the process that reads the files: its rights, its end, its lateness. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"
#include "proc/process.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "symbol/wire/protocol.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_fixture.h"

static void assert_status(const char *status, const char *line)
{
	if (!strstr(status, line))
		fail_msg("no %s in:\n%s", line, status);
}

static void child_has_nothing(void **state)
{
	struct symbols *symbols = *state;
	char path[64], status[8192], link[256];
	pid_t pid = only_child();
	size_t nr_open = 0;
	ssize_t got;
	FILE *file;

	if (geteuid() != 0)
		skip();
	assert_works(symbols);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	status[fread(status, 1, sizeof(status) - 1, file)] = '\0';
	fclose(file);
	assert_status(status, "\nUid:\t65529\t65529\t65529\t65529\n");
	assert_status(status, "\nGid:\t65529\t65529\t65529\t65529\n");
	assert_status(status, "\nGroups:\t \n");
	assert_status(status, "\nCapInh:\t0000000000000000\n");
	assert_status(status, "\nCapPrm:\t0000000000000000\n");
	assert_status(status, "\nCapEff:\t0000000000000000\n");
	assert_status(status, "\nCapBnd:\t0000000000000000\n");
	assert_status(status, "\nCapAmb:\t0000000000000000\n");
	assert_status(status, "\nNoNewPrivs:\t1\n");
	assert_status(status, "\nSeccomp:\t2\n");
	/* Its socket, /dev/null, and the file that it was sent: nothing of ours. */
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		got = readlink(path, link, sizeof(link) - 1);
		if (got < 0)
			continue;
		link[got] = '\0';
		nr_open++;
		if (fd > 4)
			fail_msg("descriptor %d: %s", fd, link);
	}
	assert_int_equal(nr_open, 5);
	/* Its root has nothing that leads anywhere. */
	snprintf(path, sizeof(path), "/proc/%d/root/proc", pid);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "/proc/%d/root/etc", pid);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "/proc/%d/root/3", pid);
	assert_int_equal(access(path, F_OK), 0);
}

static void killed_child(void **state)
{
	struct symbols *symbols = *state;
	struct symbol found;
	pid_t first = only_child(), second;

	assert_works(symbols);
	kill(first, SIGKILL);
	while (process_kind(first, NULL) == PROCESS_NORMAL)
		usleep(1000);
	/* Known already; then something new. */
	assert_works(symbols);
	assert_counts(symbols, 0, 0, 0);
	found = lookup(symbols, getpid(), ADDR(killed_child), 0);
	assert_string_equal(found.fn, "killed_child");
	assert_counts(symbols, 1, 0, 0);
	second = only_child();
	assert_int_not_equal(first, second);
	/* Ctrl-C and a service's stop reach it too, and are not for it. */
	kill(second, SIGINT);
	kill(second, SIGTERM);
	assert_string_equal(lookup(symbols, getpid(), ADDR(assert_counts), 0).fn, "assert_counts");
	assert_counts(symbols, 1, 0, 0);
}

static void count_call(void *context)
{
	++*(unsigned int *)context;
}

/*
 * A child that does not answer is waited for no longer than a second, once, and
 * given up for another after some more. What stopped it was not the file.
 */
static void hanging_child(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	unsigned int meanwhile = 0;
	uint64_t hidden, shown;
	struct symbol found;
	pid_t pid = start_program(fixture->program.path, &hidden, &shown);
	pid_t children[8], stopped = 0;

	assert_int_equal(process_children(getpid(), children, 8), 2);
	stopped = children[0] == pid ? children[1] : children[0];
	symbols_meanwhile(symbols, (struct meanwhile){ count_call, &meanwhile });
	kill(stopped, SIGSTOP);
	for (unsigned int again = 0; again < 100; again++) {
		found = lookup(symbols, pid, hidden, 0);
		assert_int_equal(strncmp(found.fn, "program+0x", 10), 0);
		assert_int_equal(found.in_text, 1);
		assert_counts(symbols, 0, 0, again + 1);
	}
	/* a second in steps of 5 ms; the rest of the hundred did not wait */
	assert_in_range(meanwhile, 20, 400);
	symbols_meanwhile(symbols, (struct meanwhile){ 0 });
	sleep(6);
	lookup(symbols, pid, hidden, 0);
	assert_int_not_equal(kill(stopped, 0), 0);
	assert_string_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	assert_works(symbols);
	assert_counts(symbols, 1, 0, 101);
	end_process(pid);
}

/* It answers late: what was asked then is not mixed up with what is asked next. */
static void late_answer(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	uint64_t hidden, shown;
	pid_t pid = start_program(fixture->program.path, &hidden, &shown);
	pid_t children[8], stopped;

	assert_int_equal(process_children(getpid(), children, 8), 2);
	stopped = children[0] == pid ? children[1] : children[0];
	kill(stopped, SIGSTOP);
	assert_string_not_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	kill(stopped, SIGCONT);
	usleep(200000);
	assert_string_equal(lookup(symbols, pid, shown, 0).fn, "shown_function");
	assert_string_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	assert_counts(symbols, 0, 0, 1);
	end_process(pid);
}

/* Takes a question, and is let run for a part of the time only: it has no answer yet. */
static void starved_child_main(const int *fds, size_t nr, pid_t parent)
{
	const struct answer ready = { 0 };
	volatile unsigned int work;

	(void)nr;
	(void)parent;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (send(fds[0], &ready, offsetof(struct answer, symbol), 0) < 0)
		_exit(1);
	for (;;) {
		for (work = 0; work < 20000000; work++)
			;
		usleep(200000);
	}
}

/* One that works on a question, but hardly gets to run, is not begun anew: that would be for good. */
static void starved_child(void **state)
{
	struct symbols *symbols;
	pid_t children[8];

	(void)state;
	assert_int_equal(symbols_new(&symbols, starved_child_main, process_memory()), 0);
	assert_int_equal(process_children(getpid(), children, 8), 1);
	lookup(symbols, getpid(), ADDR(starved_child), 0);
	sleep(6);
	lookup(symbols, getpid(), ADDR(starved_child), 0);
	assert_int_equal(only_child(), children[0]);
	assert_counts(symbols, 0, 0, 2);
	symbols_free(symbols);
}

static ssize_t read_directly(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			     size_t size)
{
	(void)context;
	return file_read_directly(pid, name, offset, buf, size);
}

/* Files of the directory of the test are of those that need not answer. */
static int open_of_programs(void *context, const struct file_wanted *wanted,
			    struct file_opened *opened)
{
	const char *directory = context;

	opened->fd = file_open_directly(wanted, &opened->status);
	opened->may_hang = !strncmp(wanted->path, directory, strlen(directory));
	/* each of them is in a file system of its own, "program7" in 7 */
	if (opened->may_hang)
		opened->status.st_dev = (dev_t)(wanted->path[strlen(wanted->path) - 1]);
	return opened->fd < 0 ? opened->fd : 0;
}

static bool never_late(void *context, pid_t pid)
{
	(void)context;
	(void)pid;
	return false;
}

static struct file_calls calls_of_programs(struct fixture *fixture)
{
	return (struct file_calls){
		.context = fixture->program.dir,
		.read = read_directly,
		.open = open_of_programs,
		.is_late = never_late,
		.receivers = { -1, -1 },
	};
}

/* What the hidden function of a program of this name is called. */
static void expect_hidden(struct fixture *fixture, const char *name, const char *expected)
{
	uint64_t hidden, shown;
	struct symbol found;
	char path[80];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", fixture->program.dir, name);
	assert_true(program_compile(&fixture->program, path, "-g0"));
	pid = start_program(path, &hidden, &shown);
	found = lookup(fixture->symbols, pid, hidden, 0);
	if (strncmp(found.fn, expected, strlen(expected)))
		fail_msg("%s: %s", name, found.fn);
	end_process(pid);
	unlink(path);
}

static pid_t other_child(pid_t than)
{
	pid_t children[8];
	size_t nr = process_children(getpid(), children, 8);

	for (size_t i = 0; i < nr && i < 8; i++)
		if (children[i] != than && process_kind(children[i], NULL) == PROCESS_NORMAL)
			return children[i];
	fail_msg("no other child");
	return 0;
}

/*
 * The one aside gets stuck in such a file, as if stopped: the other one, with all that it knows, is
 * not touched. Another one aside is given no more of that file system, but of others, up to the fourth.
 */
static void stuck_child(void **state)
{
	struct fixture *fixture = *state;
	const struct file_calls calls = calls_of_programs(fixture);
	const uint64_t others[] = { ADDR(local_function), ADDR(stuck_child), ADDR(never_late),
				    ADDR(read_directly) };
	const char *const names[] = { "local_function", "stuck_child", "never_late",
				      "read_directly" };
	struct memory_source source = memory_source_direct();

	pid_t usual;

	symbols_free(fixture->symbols);
	source.files = &calls;
	assert_int_equal(symbols_new(&fixture->symbols, symbolizer_main, &source), 0);
	usual = only_child();
	for (unsigned int i = 0; i < 4; i++) {
		char name[16], again[16], offset[20];
		struct symbol found;

		snprintf(name, sizeof(name), "program%u", i);
		snprintf(again, sizeof(again), "again%u", i);
		snprintf(offset, sizeof(offset), "again%u+0x", i);
		expect_hidden(fixture, name, "hidden_function");
		kill(other_child(usual), SIGSTOP);
		found = lookup(fixture->symbols, getpid(), others[i], 0);
		assert_string_equal(found.fn, names[i]);
		expect_hidden(fixture, again, offset);
	}
	expect_hidden(fixture, "program9", "program9+0x");
	assert_int_equal(only_child(), usual);
	assert_counts(fixture->symbols, 3, 5, 0);
}

static void nothing(void *context)
{
	(void)context;
}

/* Where others wait meanwhile it is left to sleep, and it is known later that it is stuck. */
static void sleeping_child(void **state)
{
	struct fixture *fixture = *state;
	const struct file_calls calls = calls_of_programs(fixture);
	struct memory_source source = memory_source_direct();
	pid_t usual, aside;

	symbols_free(fixture->symbols);
	source.files = &calls;
	assert_int_equal(symbols_new(&fixture->symbols, symbolizer_main, &source), 0);
	symbols_meanwhile(fixture->symbols, (struct meanwhile){ nothing, NULL });
	usual = only_child();
	expect_hidden(fixture, "program0", "hidden_function");
	aside = other_child(usual);
	kill(aside, SIGSTOP);
	expect_hidden(fixture, "again0", "again0+0x");
	/* each look at whose files are late asks what has become of it */
	while (process_kind(aside, NULL) == PROCESS_NORMAL && !symbols_is_late(fixture->symbols, 1))
		usleep(1000);
	assert_int_equal(only_child(), usual);
	expect_hidden(fixture, "program1", "hidden_function");
}

static void *wake_later(void *context)
{
	usleep(400000);
	kill(*(pid_t *)context, SIGCONT);
	return NULL;
}

/* One that is asked about a file that it may not get stuck in is given its time, as before. */
static void slow_child(void **state)
{
	struct fixture *fixture = *state;
	pid_t child = only_child();
	pthread_t waker;

	assert_works(fixture->symbols);
	kill(child, SIGSTOP);
	assert_int_equal(pthread_create(&waker, NULL, wake_later, &child), 0);
	assert_string_equal(lookup(fixture->symbols, getpid(), ADDR(wake_later), 0).fn,
			    "wake_later");
	pthread_join(waker, NULL);
	assert_int_equal(only_child(), child);
}

/* Children that die one after the other: after some no new one for a while, nothing worse. */
static void dying_children(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	struct symbols_counts counts;

	for (int round = 0; round < 20; round++) {
		pid_t children[8];
		struct symbol found;

		if (process_children(getpid(), children, 8) == 1) {
			kill(children[0], SIGKILL);
			while (process_kind(children[0], NULL) == PROCESS_NORMAL)
				usleep(1000);
		}
		found = lookup(symbols, getpid(), ADDR(local_function) + (uint64_t)round, 0);
		assert_int_equal(found.in_text, 1);
	}
	symbols_counts(symbols, &counts);
	assert_true(counts.child_restarts > 0 && counts.child_restarts < 12);
	assert_true(counts.lookups_failed > 0);
	assert_int_equal(counts.files_refused, 0);
}

/* Without privileges, for a process of its own. */
static void without_root(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct symbols *symbols;
		struct symbol found;

		if (geteuid() == 0 && setresuid(4242, 4242, 4242))
			_exit(2);
		prctl(PR_SET_DUMPABLE, 1);
		if (symbols_new(&symbols, symbolizer_main, process_memory()) ||
		    symbols_user(symbols, getpid(), ADDR(getppid), 0, &found))
			_exit(3);
		if (!strstr(found.fn, "getppid"))
			_exit(4);
		symbols_free(symbols);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* No descriptor and no process is left. */
static void leaves_nothing(void **state)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;
	struct symbols *symbols;
	pid_t children[8];

	(void)state;
	close(before);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
		assert_works(symbols);
		symbols_free(symbols);
	}
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(process_children(getpid(), children, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SYMBOLS(child_has_nothing),  WITH_SYMBOLS(killed_child),
		WITH_PROGRAM(hanging_child),	  WITH_PROGRAM(late_answer),
		WITH_PROGRAM(dying_children),	  cmocka_unit_test(without_root),
		cmocka_unit_test(leaves_nothing), cmocka_unit_test(starved_child),
		WITH_PROGRAM(stuck_child),	  WITH_PROGRAM(sleeping_child),
		WITH_PROGRAM(slow_child),
	};

	return cmocka_run_group_tests_name("symbol_child", tests, NULL, NULL);
}
