// SPDX-License-Identifier: GPL-2.0-or-later
/* Coming first: who does, for how long, and who does not. Nothing is timed: what is waited for comes, or the test does not end. */
#include "base/precedence.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Of CPU time: the kernel's clock ticks a hundred times a second at least. */
#define OVER_NS (PRECEDENCE_BURST_NS + 4 * 10 * NS_PER_MS)

static bool is_first(pid_t pid)
{
	return sched_getscheduler(pid) == (SCHED_FIFO | SCHED_RESET_ON_FORK);
}

static int priority_of(pid_t pid)
{
	struct sched_param param = { 0 };

	assert_int_equal(sched_getparam(pid, &param), 0);
	return param.sched_priority;
}

static void nap(void)
{
	usleep(1000);
}

static struct precedence *new_precedence(void)
{
	struct precedence *precedence;
	int err = precedence_new(&precedence);

	if (err == -EPERM)
		skip(); /* not allowed here */
	assert_int_equal(err, 0);
	while (!is_first(0))
		nap();
	return precedence;
}

/* A child that computes, or sleeps, until it is ended. */
static pid_t start_child(bool computes)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (getppid() == parent)
		if (!computes)
			nap();
	_exit(0);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void who_computes_is_first_for_a_while_only(void **state)
{
	struct precedence *precedence = new_precedence();
	uint64_t from_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID), spent_ns;

	(void)state;
	assert_int_equal(priority_of(0), 2);
	while (is_first(0))
		continue;
	spent_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - from_ns;
	assert_true(spent_ns < OVER_NS);
	/* and again once it has waited */
	while (!is_first(0))
		nap();
	precedence_free(precedence);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

static void what_is_forked_is_as_anyone(void **state)
{
	struct precedence *precedence = new_precedence();
	pid_t pid = start_child(false);

	(void)state;
	assert_int_equal(sched_getscheduler(pid), SCHED_OTHER);
	end_child(pid);
	precedence_free(precedence);
}

static void a_child_has_its_part(void **state)
{
	struct precedence *precedence = new_precedence();
	pid_t pid = start_child(false);

	(void)state;
	precedence_child(precedence, pid);
	while (!is_first(pid))
		nap();
	assert_int_equal(priority_of(pid), 1);
	precedence_child(precedence, 0);
	/* it is the caller's from now on, to be waited for */
	end_child(pid);
	precedence_free(precedence);
}

static void a_child_that_computes_uses_it_up(void **state)
{
	struct precedence *precedence = new_precedence();
	pid_t pid = start_child(true);
	clockid_t clock;
	uint64_t spent_ns;

	(void)state;
	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	precedence_child(precedence, pid);
	while (is_first(0))
		nap();
	spent_ns = clock_read_ns(clock);
	assert_false(is_first(pid));
	assert_true(spent_ns < 2 * OVER_NS);
	while (!is_first(pid))
		nap();
	precedence_child(precedence, 0);
	end_child(pid);
	precedence_free(precedence);
}

static void who_was_told_to_stand_back_does(void **state)
{
	struct precedence *precedence = NULL;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		setpriority(PRIO_PROCESS, 0, 5);
		_exit(precedence_new(&precedence) == -EPERM && !precedence ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	precedence_child(NULL, 1);
	precedence_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_computes_is_first_for_a_while_only),
		cmocka_unit_test(what_is_forked_is_as_anyone),
		cmocka_unit_test(a_child_has_its_part),
		cmocka_unit_test(a_child_that_computes_uses_it_up),
		cmocka_unit_test(who_was_told_to_stand_back_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
