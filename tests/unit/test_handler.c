// SPDX-License-Identifier: GPL-2.0-or-later
/* --on-stall: what its command gets, how many run at a time, and what becomes of those that do not end. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "run/caller.h"
#include "run/handler.h"
#include "recording/encode.h"
#include "records.h"

static const struct caller nobody_else;

/* A stall with so many slices, each in a place of its own. */
static struct stall_record stall_of(unsigned int seq, bool ongoing, size_t nr_slices)
{
	struct stall_record stall = {
		.mono_ns = TEST_MONO_NS,
		.time_ns = TEST_TIME_NS,
		.ongoing = ongoing,
		.id = { .pid = 10, .tid = (pid_t)(10 + seq), .comm = "python3" },
		.duration_ns = 100 * MS,
		.delayed_events = -1,
	};

	snprintf(stall.turn, sizeof(stall.turn), "%u-1", 10 + seq);
	for (size_t i = 0; i < nr_slices; i++) {
		struct frame frame = PYTHON("do_io", "/app/bad.py", (unsigned int)i + 1);
		struct slice slice = { .cause = CAUSE_SLEEP, .ns = MS, .count = 1 };

		slice.stack = stack_new(&frame, 1, false);
		assert_int_equal(slices_add(&stall.slices, &slice), 0);
	}
	return stall;
}

static void feed(struct handler *handler, unsigned int seq, bool ongoing, size_t nr_slices)
{
	struct stall_record stall = stall_of(seq, ongoing, nr_slices);

	handler_stall(handler, &stall);
	slices_free(&stall.slices);
}

/* A command that may use $D, a directory of this test. */
static struct handler *start(struct temp *temp, const char *command)
{
	struct handler *handler;

	setenv("D", temp->directory, 1);
	assert_int_equal(handler_new(&handler, command, &nobody_else), 0);
	return handler;
}

static struct runner_counts finish(struct handler *handler)
{
	struct runner_counts counts;

	handler_close(handler);
	handler_wait(handler);
	counts = handler_counts(handler);
	handler_free(handler);
	return counts;
}

/* The file's content. NULL: there is none. */
static char *content(struct temp *temp, const char *name)
{
	int fd = open(temp_path(temp, name), O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &st), 0);
	text = calloc(1, st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, st.st_size), st.st_size);
	close(fd);
	return text;
}

static void assert_content(struct temp *temp, const char *name, const char *expected)
{
	char *text = content(temp, name);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static size_t lines_in(struct temp *temp, const char *name)
{
	char *text = content(temp, name);
	size_t lines = 0;

	for (const char *c = text; c && *c; c++)
		lines += *c == '\n';
	free(text);
	return lines;
}

static void nap_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Until a file has so many lines. */
static void wait_for_lines(struct temp *temp, const char *name, size_t lines)
{
	for (int i = 0; i < 1000 && lines_in(temp, name) < lines; i++)
		nap_ms(10);
	assert_true(lines_in(temp, name) >= lines);
}

/* The very line of a recording, also where it is larger than a pipe. */
static void test_gets_the_line(void **state)
{
	static const size_t sizes[] = { 0, 1, 2000 };

	for (size_t i = 0; i < NR(sizes); i++) {
		struct stall_record stall = stall_of(1, false, sizes[i]);
		struct handler *handler = start(*state, "cat >$D/out");
		char *line = encode_stall_line(&stall);
		struct runner_counts counts;

		handler_stall(handler, &stall);
		counts = finish(handler);
		assert_int_equal(counts.run, 1);
		assert_int_equal(counts.failed + counts.late + counts.not_run, 0);
		if (sizes[i] > 1000)
			assert_true(strlen(line) > 65536);
		assert_content(*state, "out", line);
		free(line);
		slices_free(&stall.slices);
	}
}

/* Once for each stall: when it has ended, or at the end. */
static void test_once_each(void **state)
{
	struct handler *handler = start(*state, "cat >>$D/out");
	char *text;

	feed(handler, 1, true, 1);
	feed(handler, 1, true, 1);
	feed(handler, 2, true, 1);
	feed(handler, 1, false, 1);
	wait_for_lines(*state, "out", 1);
	nap_ms(50);
	assert_int_equal(lines_in(*state, "out"), 1);
	assert_int_equal(finish(handler).run, 2);
	text = content(*state, "out");
	assert_non_null(strstr(text, "\"turn\":\"11-1\",\"ongoing\":false"));
	assert_non_null(strstr(text, "\"turn\":\"12-1\",\"ongoing\":true"));
	free(text);
}

static void test_four_at_a_time(void **state)
{
	struct handler *handler =
		start(*state,
		      "echo >>$D/began; until [ -e $D/go ]; do sleep 0.02; done; echo >>$D/ended");
	int fd;

	for (unsigned int i = 0; i < 10; i++)
		feed(handler, i, false, 1);
	wait_for_lines(*state, "began", RUNNER_MAX);
	nap_ms(200);
	assert_int_equal(lines_in(*state, "began"), RUNNER_MAX);
	fd = open(temp_path(*state, "go"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	wait_for_lines(*state, "ended", 10);
	assert_int_equal(finish(handler).run, 10);
}

/* More than run and wait: counted, and the one who feeds is not held up. */
static void test_too_many(void **state)
{
	struct handler *handler = start(*state, "exec sleep 1000");
	double began = seconds();
	struct runner_counts counts;

	for (unsigned int i = 0; i < 500; i++)
		feed(handler, i, false, 1);
	assert_true(seconds() - began < 5);
	began = seconds();
	counts = finish(handler);
	assert_true(seconds() - began < 8);
	assert_int_equal(counts.run, RUNNER_MAX);
	assert_int_equal(counts.late, RUNNER_MAX);
	assert_int_equal(counts.not_run, 500 - RUNNER_MAX);
}

/* It, and what it has started, is ended; also where SIGTERM is not listened to. */
static void test_does_not_end(void **state)
{
	struct handler *handler =
		start(*state, "trap '' TERM; sleep 1000 & echo $$ $! >$D/pids; wait; sleep 1000");
	struct runner_counts counts;
	pid_t shell, child;
	int status;
	char *text;

	feed(handler, 1, false, 1);
	wait_for_lines(*state, "pids", 1);
	counts = finish(handler);
	assert_int_equal(counts.late, 1);
	assert_int_equal(counts.failed, 0);
	text = content(*state, "pids");
	assert_int_equal(sscanf(text, "%d %d", &shell, &child), 2);
	free(text);
	assert_int_equal(kill(shell, 0), -1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_fails(void **state)
{
	static const struct {
		const char *command;
		int status;
	} cases[] = {
		{ "exit 3", 3 << 8 },
		{ "no-such-command-anywhere 2>/dev/null", 127 << 8 },
		{ "kill -9 $$", 9 },
		{ "(", 2 << 8 },
	};

	for (size_t i = 0; i < NR(cases); i++) {
		struct handler *handler = start(*state, cases[i].command);
		struct runner_counts counts;

		feed(handler, 1, false, 1);
		feed(handler, 2, false, 1);
		counts = finish(handler);
		assert_int_equal(counts.run, 2);
		assert_int_equal(counts.failed, 2);
		assert_int_equal(counts.first_status, cases[i].status);
	}
}

/* Nothing of ours: descriptors, signals, session, standard output. */
static void test_surroundings(void **state)
{
	struct handler *handler;
	sigset_t blocked, before;
	char *text, *rest;
	int extra = open("/dev/null", O_RDONLY); /* open across exec */

	assert_true(extra > 2);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	handler = start(*state,
			"exec >$D/out; ls /proc/$$/fd | tr '\\n' ' '; echo; cut -d' ' -f1,5,6 "
			"/proc/$$/stat; exec grep -E 'Sig(Blk|Ign)' /proc/self/status");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(extra);
	feed(handler, 1, false, 1);
	assert_int_equal(finish(handler).failed, 0);
	text = rest = content(*state, "out");
	assert_non_null(text);
	/* sh may keep its own of the redirection, from 10 on */
	assert_int_equal(strncmp(strsep(&rest, "\n"), "0 1 2 ", 6), 0);
	assert_non_null(rest);
	{
		int pid = 0, group = 0, session = 0;

		assert_int_equal(sscanf(strsep(&rest, "\n"), "%d %d %d", &pid, &group, &session),
				 3);
		assert_true(pid > 0 && group == pid && session == pid);
	}
	/* a shell that has just forked blocks them for a moment: it is asked after its exec */
	assert_non_null(strstr(rest, "SigBlk:\t0000000000000000"));
	/* but for two of the C library's own */
	assert_non_null(strstr(rest, "SigIgn:"));
	assert_int_equal(strtoull(strstr(rest, "SigIgn:") + 7, NULL, 16) & 0x7fffffff, 0);
	free(text);
}

static void test_without_stalls(void **state)
{
	assert_int_equal(finish(start(*state, "echo >$D/out")).run, 0);
	handler_free(start(*state, "echo >$D/out"));
	handler_free(NULL);
	assert_null(content(*state, "out"));
}

/* The calling user's under sudo, who must not have root's groups. */
static void test_other_user(void **state)
{
	struct temp *temp = *state;
	gid_t groups[] = { 7 };
	struct caller caller = {
		.other = true,
		.uid = 54321,
		.gid = 54322,
		.groups = groups,
		.nr_groups = 1,
		.name = "someone",
		.home = "/home/someone",
	};
	struct handler *handler;

	if (geteuid())
		skip();
	assert_int_equal(chmod(temp->directory, 0777), 0);
	setenv("D", temp->directory, 1);
	assert_int_equal(handler_new(&handler,
				     "(id -u; id -G; echo $USER $LOGNAME $HOME; head -c 7) >$D/out",
				     &caller),
			 0);
	feed(handler, 1, false, 1);
	assert_int_equal(finish(handler).failed, 0);
	assert_content(temp, "out", "54321\n54322 7\nsomeone someone /home/someone\n{\"type\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gets_the_line, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_once_each, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_four_at_a_time, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_too_many, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_does_not_end, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_fails, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_surroundings, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_without_stalls, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_other_user, temp_setup, temp_teardown),
	};

	/* whose parents have ended are ours to wait for */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
