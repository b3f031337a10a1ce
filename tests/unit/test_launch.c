// SPDX-License-Identifier: GPL-2.0-or-later
/* COMMAND: held until it is watched, started as the calling user, with nothing of ours. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/caller.h"
#include "run/launch.h"

static const struct caller nobody_else;

static char *const sleeper[] = { "sleep", "1000", NULL };

/* What is in a file of the process, as one string. */
static const char *proc_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t nr;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	assert_non_null(file);
	nr = fread(text, 1, size - 1, file);
	fclose(file);
	for (size_t i = 0; i < nr; i++)
		if (!text[i])
			text[i] = '\n'; /* environ */
	text[nr] = 0;
	return text;
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, line, length) && (text[length] == '\n' || !text[length]))
			return true;
	}
	return false;
}

static void assert_line(const char *text, const char *line)
{
	if (!has_line(text, line))
		fail_msg("no line '%s' in:\n%s", line, text);
}

static const char *exe_of(pid_t pid, char *exe)
{
	char path[64];
	ssize_t nr;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	nr = readlink(path, exe, PATH_MAX - 1);
	assert_true(nr > 0);
	exe[nr] = 0;
	return exe;
}

static int status_of(const struct launch *launch)
{
	int status;

	assert_int_equal(waitpid(launch->pid, &status, 0), launch->pid);
	return status;
}

static void end(const struct launch *launch)
{
	kill(launch->pid, SIGKILL);
	status_of(launch);
}

static struct launch start(char *const *argv)
{
	struct caller caller;
	const char *wrong;
	struct launch launch;
	bool executed;

	assert_int_equal(caller_find(&caller, &wrong), 0);
	assert_int_equal(launch_hold(&launch, (char **)argv, &caller), 0);
	caller_free(&caller);
	assert_int_equal(launch_go(&launch, &executed), 0);
	return launch;
}

static void test_is_held(void **state)
{
	char own[PATH_MAX], exe[PATH_MAX];
	struct launch launch;
	bool executed;

	(void)state;
	assert_int_equal(launch_hold(&launch, (char **)sleeper, &nobody_else), 0);
	assert_string_equal(exe_of(launch.pid, exe), exe_of(getpid(), own));
	assert_int_equal(waitpid(launch.pid, NULL, WNOHANG), 0);
	/* it has become the program when launch_go() returns */
	assert_int_equal(launch_go(&launch, &executed), 0);
	assert_string_not_equal(exe_of(launch.pid, exe), own);
	end(&launch);
}

static void test_arguments_and_status(void **state)
{
	char *const argv[] = { "sh", "-c", "test \"$1,$2\" = \"a b,-p\" && exit 42", "sh", "a b",
			       "-p", NULL };
	struct launch launch = start(argv);
	int status = status_of(&launch);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_cannot_be_executed(void **state)
{
	static const struct {
		const char *path;
		int err;
	} cases[] = {
		{ "no-such-command-anywhere", -ENOENT },
		{ "/no/such/file", -ENOENT },
		{ "/proc/self/status", -EACCES },
		{ "/", -EACCES },
		{ "", -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *argv[] = { (char *)cases[i].path, NULL };
		struct launch launch;
		bool executed;
		int status;

		assert_int_equal(launch_hold(&launch, argv, &nobody_else), 0);
		assert_int_equal(launch_go(&launch, &executed), cases[i].err);
		assert_true(executed);
		status = status_of(&launch);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 127);
	}
}

static void test_abandoned(void **state)
{
	char file[] = "/tmp/blockprof-test-XXXXXX";
	char *const argv[] = { "rm", file, NULL };
	struct launch launch;
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(launch_hold(&launch, (char **)argv, &nobody_else), 0);
	launch_abandon(&launch);
	assert_int_equal(waitpid(launch.pid, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(access(file, F_OK), 0); /* it never ran */
	unlink(file);
}

/* The caller cannot be become: the program has nothing to do with it. */
static void test_no_such_caller(void **state)
{
	const struct caller nobody = {
		.other = true,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.nr_groups = -1,
	};
	struct launch launch;
	bool executed;

	(void)state;
	assert_int_equal(launch_hold(&launch, (char **)sleeper, &nobody), 0);
	assert_true(launch_go(&launch, &executed) < 0);
	assert_false(executed);
	assert_true(WIFEXITED(status_of(&launch)));
}

/* It ended by itself before it was let go. */
static void test_gone_before(void **state)
{
	struct launch launch;
	bool executed;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(launch_hold(&launch, (char **)sleeper, &nobody_else), 0);
	end(&launch);
	assert_int_equal(launch_go(&launch, &executed), 0);
	assert_int_equal(launch_hold(&launch, (char **)sleeper, &nobody_else), 0);
	end(&launch);
	launch_abandon(&launch);
	signal(SIGPIPE, SIG_DFL);
}

/* Who was to watch it is killed: it does not run unwatched. */
static void test_ends_with_its_watcher(void **state)
{
	char file[] = "/tmp/blockprof-test-XXXXXX";
	char *const argv[] = { "rm", file, NULL };
	int fd = mkstemp(file), alive[2];
	pid_t watcher;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(pipe(alive), 0);
	watcher = fork();
	assert_true(watcher >= 0);
	if (!watcher) {
		struct launch launch;

		close(alive[0]);
		if (launch_hold(&launch, (char **)argv, &nobody_else) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	close(alive[1]);
	assert_int_equal(waitpid(watcher, NULL, 0), watcher);
	/* end of file when the held child, which has inherited the pipe, is gone as well */
	assert_int_equal(read(alive[0], (char[1]){ 0 }, 1), 0);
	close(alive[0]);
	assert_int_equal(access(file, F_OK), 0);
	unlink(file);
}

/* The signals we block and ignore are as they were for it. */
static void test_signals(void **state)
{
	sigset_t blocked, before;
	struct launch launch;
	char text[4096];

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	launch = start(sleeper);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	proc_text(launch.pid, "status", text, sizeof(text));
	end(&launch);
	assert_line(text, "SigBlk:\t0000000000000000");
	assert_non_null(strstr(text, "SigIgn:"));
	assert_int_equal(strtoull(strstr(text, "SigIgn:") + 7, NULL, 16) >> (SIGPIPE - 1) & 1, 0);
}

/* Neither end of our pipes is open in it. */
static void test_descriptors(void **state)
{
	char path[64], to[64];
	struct launch launch;
	bool executed;

	(void)state;
	assert_int_equal(launch_hold(&launch, (char **)sleeper, &nobody_else), 0);
	assert_int_equal(launch_go(&launch, &executed), 0);
	for (int fd = 3; fd < 64; fd++) {
		struct pollfd own = { .fd = fd };

		/* what we have open ourselves it may have inherited from whoever started us */
		if (poll(&own, 1, 0) >= 0 && !(own.revents & POLLNVAL))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", launch.pid, fd);
		assert_int_equal(readlink(path, to, sizeof(to)), -1);
	}
	end(&launch);
}

/* -- sudo -- */

static void set_sudo(const char *uid, const char *gid)
{
	uid ? setenv("SUDO_UID", uid, 1) : unsetenv("SUDO_UID");
	gid ? setenv("SUDO_GID", gid, 1) : unsetenv("SUDO_GID");
}

static int clear_sudo(void **state)
{
	(void)state;
	set_sudo(NULL, NULL);
	return 0;
}

static void test_sudo_caller(void **state)
{
	char text[4096], environment[16384];
	struct launch launch;

	(void)state;
	if (geteuid())
		skip();
	set_sudo("65534", "65534");
	launch = start(sleeper);
	proc_text(launch.pid, "status", text, sizeof(text));
	proc_text(launch.pid, "environ", environment, sizeof(environment));
	end(&launch);
	assert_line(text, "Uid:\t65534\t65534\t65534\t65534");
	assert_line(text, "Gid:\t65534\t65534\t65534\t65534");
	assert_line(text, "CapEff:\t0000000000000000");
	assert_line(text, "CapPrm:\t0000000000000000");
	assert_line(environment, "USER=nobody");
	assert_line(environment, "LOGNAME=nobody");
	assert_false(has_line(environment, "HOME=/root"));
}

/* An id without a name: no groups but its own. */
static void test_sudo_nameless(void **state)
{
	static const gid_t others[] = { 7, 8 };
	gid_t before[NGROUPS_MAX];
	int nr = getgroups(NGROUPS_MAX, before);
	struct launch launch;
	char text[4096];

	(void)state;
	if (geteuid())
		skip();
	set_sudo("54321", "54322");
	assert_int_equal(setgroups(2, others), 0);
	launch = start(sleeper);
	assert_int_equal(setgroups(nr, before), 0);
	proc_text(launch.pid, "status", text, sizeof(text));
	end(&launch);
	assert_line(text, "Uid:\t54321\t54321\t54321\t54321");
	assert_line(text, "Gid:\t54322\t54322\t54322\t54322");
	assert_line(text, "Groups:\t ");
}

/* Not under sudo, or root's own: nothing changes. */
static void test_sudo_none(void **state)
{
	static const char *const pairs[][2] = {
		{ NULL, NULL },
		{ "0", "0" },
		{ "0", NULL },
		{ NULL, "65534" },
	};

	(void)state;
	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct launch launch;
		char text[4096];

		set_sudo(pairs[i][0], pairs[i][1]);
		launch = start(sleeper);
		proc_text(launch.pid, "status", text, sizeof(text));
		end(&launch);
		assert_line(text, "Uid:\t0\t0\t0\t0");
		assert_line(text, "Gid:\t0\t0\t0\t0");
	}
}

/* What is no pair of ids is an error: whoever went on would run as root. */
static void test_sudo_wrong(void **state)
{
	static const char *const cases[][3] = {
		{ "65534", NULL, "SUDO_GID" },	    { "-1", "65534", "SUDO_UID" },
		{ "abc", "65534", "SUDO_UID" },	    { "", "", "SUDO_UID" },
		{ "65534", "x", "SUDO_GID" },	    { "65534x", "65534", "SUDO_UID" },
		{ "99999999999", "1", "SUDO_UID" }, { "4294967295", "1", "SUDO_UID" },
	};

	(void)state;
	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = NULL;
		struct caller caller;

		set_sudo(cases[i][0], cases[i][1]);
		assert_int_equal(caller_find(&caller, &wrong), -EINVAL);
		assert_string_equal(wrong, cases[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_held),
		cmocka_unit_test(test_arguments_and_status),
		cmocka_unit_test(test_cannot_be_executed),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_no_such_caller),
		cmocka_unit_test(test_gone_before),
		cmocka_unit_test(test_ends_with_its_watcher),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test_teardown(test_sudo_caller, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_nameless, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_none, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_wrong, clear_sudo),
	};

	/* these tests may run under sudo themselves */
	set_sudo(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
