// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel frames: what says nothing is left out; the stack of a thread that blocked before it was watched. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames_fixture.h"

/* The way off the CPU and the way into the kernel are the same in every stack. */
static void test_kernel_trimmed(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	kernel(&raw, BPF);
	kernel(&raw, TRACE);
	kernel(&raw, SCHEDULE);
	kernel(&raw, TIMEOUT);
	kernel(&raw, NANOSLEEP);
	kernel(&raw, TIMEOUT); /* not innermost: it says something */
	kernel(&raw, SYSCALL);
	kernel(&raw, ENTRY);
	expect(resolve(&raw), "k:do_nanosleep k:schedule_hrtimeout_range");
	raw.kernel[4] = 0xffff; /* kallsyms is hidden */
	expect(resolve(&raw), "k:[unknown] k:schedule_hrtimeout_range");
	raw.kernel_nr = 3;
	assert_null(resolve(&raw));
}

static void test_in_interrupt(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	assert_false(frames_in_interrupt(&symbols, &raw));
	kernel(&raw, WAKE);
	kernel(&raw, SYSCALL);
	assert_false(frames_in_interrupt(&symbols, &raw));
	kernel(&raw, INTERRUPT);
	assert_true(frames_in_interrupt(&symbols, &raw));
	raw.kernel_nr = 1;
	raw.flags = BP_STACK_KERNEL_CUT; /* it may be further out */
	assert_true(frames_in_interrupt(&symbols, &raw));
}

static void test_wakeup(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	assert_int_equal(frames_wakeup(&symbols, &raw), WAKEUP_OTHER);
	kernel(&raw, WAKE);
	assert_int_equal(frames_wakeup(&symbols, &raw), WAKEUP_OTHER);
	kernel(&raw, PIPE_CLOSED);
	assert_int_equal(frames_wakeup(&symbols, &raw), WAKEUP_CLOSED);
	kernel(&raw, SIGNAL);
	assert_int_equal(frames_wakeup(&symbols, &raw), WAKEUP_SIGNAL);
}

/* A thread that blocked before it was watched: its kernel frames are in /proc. */
static void test_blocked_before(void **state)
{
	struct bp_stack raw = { 0 };
	pid_t parent = getpid(), child;
	struct stack *stack = NULL;

	(void)state;
	if (geteuid())
		skip();
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
	code(&raw, ONE);
	raw.flags = BP_STACK_PYTHON_CUT;
	for (int i = 0; i < 1000 && (!stack || stack->nr < 2); i++) {
		stack_put(stack); /* it may not be off the CPU yet */
		usleep(1000);
		stack = frames_of_blocked(&namer, child,
					  &(struct raw_stack){ child, &python, &raw, NULL });
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_non_null(stack);
	assert_true(stack->nr >= 2);
	assert_true(stack->cut);
	assert_int_equal(stack->frames[0].kind, FRAME_KERNEL);
	assert_string_equal(stack->frames[stack->nr - 1].fn, "one");
	for (unsigned int i = 0; i + 1 < stack->nr; i++) {
		assert_null(strchr(stack->frames[i].fn, '+'));
		assert_null(strstr(stack->frames[i].fn, "entry_SYSCALL"));
		assert_true(strncmp(stack->frames[i].fn, "schedule", 8) != 0);
	}
	stack_put(stack);
	/* gone: what was known before is left */
	raw.flags = 0;
	expect(frames_of_blocked(&namer, child, &(struct raw_stack){ child, &python, &raw, NULL }),
	       "p:one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_trimmed),
		cmocka_unit_test(test_in_interrupt),
		cmocka_unit_test(test_wakeup),
		cmocka_unit_test(test_blocked_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
