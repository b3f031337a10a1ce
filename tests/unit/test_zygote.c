// SPDX-License-Identifier: GPL-2.0-or-later
/* Children by way of a zygote: whose they are, what they know, and that its end is none of the watch. */
#include "base/zygote.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What a child reports of itself. */
struct report {
	pid_t pid, parent;
	size_t nr;
	char secret[8]; /* as it finds it */
};

static char secret[8];

static void report(const int *fds, size_t nr, pid_t parent)
{
	struct report own = { getpid(), parent, nr, "" };

	memcpy(own.secret, secret, sizeof(own.secret));
	(void)!write(fds[nr - 1], &own, sizeof(own));
}

/* Has a child report, which is waited for: there is nothing else to wait for then. */
static struct report ask(struct zygote *zygote, size_t nr)
{
	struct report got;
	int ends[2], fds[ZYGOTE_FDS_MAX], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < nr; i++)
		fds[i] = ends[i == nr - 1];
	pid = zygote_fork(zygote, report, fds, nr);
	assert_true(pid > 0);
	assert_int_equal(read(ends[0], &got, sizeof(got)), sizeof(got));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(got.pid, pid);
	assert_int_equal(got.parent, getpid());
	assert_int_equal(got.nr, nr);
	return got;
}

/* The zygote among this process's children. */
static pid_t find_zygote(void)
{
	char path[64], comm[32];
	FILE *children;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	assert_non_null(children);
	while (fscanf(children, "%d", &pid) == 1) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file) && !strcmp(comm, "blockprof-fork\n")) {
			fclose(file);
			fclose(children);
			return pid;
		}
		if (file)
			fclose(file);
	}
	fclose(children);
	return 0;
}

static void a_child_is_ours_and_knows_nothing_of_later(void **state)
{
	struct zygote *zygote = zygote_new();

	(void)state;
	assert_non_null(zygote);
	strcpy(secret, "target");
	for (size_t nr = 1; nr <= ZYGOTE_FDS_MAX; nr++)
		assert_string_equal(ask(zygote, nr).secret, "");
	/* one without a zygote is a copy of us */
	assert_string_equal(ask(NULL, 1).secret, "target");
	memset(secret, 0, sizeof(secret));
	zygote_free(zygote);
	assert_int_equal(find_zygote(), 0);
}

static void another_one_comes_when_it_was_hit_by(int signal)
{
	struct zygote *zygote = zygote_new();
	pid_t pid;

	assert_non_null(zygote);
	ask(zygote, 1); /* it has its name then */
	pid = find_zygote();
	assert_true(pid > 0);
	assert_int_equal(kill(pid, signal), 0);
	ask(zygote, 1);
	ask(zygote, 2);
	assert_int_equal(find_zygote(), 0);
	zygote_free(zygote);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

static void one_that_is_killed_is_done_without(void **state)
{
	(void)state;
	another_one_comes_when_it_was_hit_by(SIGKILL);
}

static void one_that_is_stopped_is_done_without(void **state)
{
	(void)state;
	another_one_comes_when_it_was_hit_by(SIGSTOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_ours_and_knows_nothing_of_later),
		cmocka_unit_test(one_that_is_killed_is_done_without),
		cmocka_unit_test(one_that_is_stopped_is_done_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
