// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of a zygote that come late or not at all: what was ordered once is done once. */
#include "base/zygote.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In the place of user/base/pass.c, which is played as it is but for answers. */
#define pass_send send_really
#include "base/pass.c"
#undef pass_send
#include "base/pass.h"

#define LATE_US 1300000 /* later than is waited for */

static pid_t test;
static bool late, lost;

/* The test itself sends orders. */
int pass_send(int socket, const void *message, size_t bytes, const int *fds, size_t nr)
{
	if (getpid() != test && late)
		usleep(LATE_US);
	return getpid() != test && lost ? 0 : send_really(socket, message, bytes, fds, nr);
}

static void mark(const int *fds, size_t nr, pid_t parent)
{
	(void)nr;
	(void)parent;
	(void)!write(fds[0], "x", 1);
}

/* How often it was done. */
static int count_done(struct zygote *zygote)
{
	char marks[8];
	int ends[2], nr;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = zygote_fork(zygote, mark, &ends[1], 1);
	assert_true(pid > 0);
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	zygote_free(zygote);
	/* whoever else there is has it open, and until it has ended so do they */
	for (nr = 0; read(ends[0], &marks[nr], 1) == 1 && nr < (int)sizeof(marks) - 1; nr++)
		;
	close(ends[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return nr;
}

static int done_once(bool is_late, bool is_lost)
{
	test = getpid();
	late = is_late;
	lost = is_lost;
	return count_done(zygote_new());
}

static void an_answer_that_is_lost(void **state)
{
	(void)state;
	assert_int_equal(done_once(false, true), 1);
}

static void an_answer_that_comes_late(void **state)
{
	(void)state;
	assert_int_equal(done_once(true, false), 1);
}

static void an_answer_as_it_should_be(void **state)
{
	(void)state;
	assert_int_equal(done_once(false, false), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_as_it_should_be),
		cmocka_unit_test(an_answer_that_is_lost),
		cmocka_unit_test(an_answer_that_comes_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
