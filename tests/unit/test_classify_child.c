// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes that a block waited for: by number, by pidfd, by what subprocess does. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "classify_fixture.h"

/* A process with one child. */
struct family {
	pid_t parent, child;
};

static struct family start_family(void)
{
	struct family family;
	pid_t self = getpid();
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	family.parent = fork();
	assert_true(family.parent >= 0);
	if (!family.parent) {
		pid_t middle = getpid(), child;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			_exit(1);
		child = fork();
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != middle)
				_exit(1);
			prctl(PR_SET_NAME, "grandchild");
			child = getpid();
			if (write(fds[1], &child, sizeof(child)) != sizeof(child))
				_exit(1);
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &family.child, sizeof(family.child)), sizeof(family.child));
	close(fds[0]);
	close(fds[1]);
	return family;
}

static void end_family(struct family *family)
{
	kill(family->parent, SIGKILL);
	waitpid(family->parent, NULL, 0);
}

static void expect_child(void **state, pid_t pid, struct bp_capture *capture, pid_t child,
			 const char *comm, const struct party *waker)
{
	struct slice slice = { 0 };

	if (waker)
		slice.waker = *waker;
	classify_as(state, pid, capture, &slice);
	assert_int_equal(slice.cause, CAUSE_CHILD);
	assert_int_equal(slice.target.kind, TARGET_CHILD);
	assert_int_equal(slice.target.pid, child);
	if (comm)
		assert_string_equal(slice.target.comm, comm);
	else
		assert_null(slice.target.comm);
	slice_clear(&slice);
}

static void test_child(void **state)
{
	const struct party waker = { .pid = 4000000, .tid = 4000000, .comm = "ended" };
	struct family family = start_family();
	struct bp_capture *capture;

	/* asked for by its number */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	capture = of_call(SYS_waitid);
	capture->block.args[0] = P_PID;
	capture->block.args[1] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	/* naps between looks at it */
	capture = of_call(SYS_clock_nanosleep);
	capture->block.flags = BP_BLOCK_TRY_CHILD;
	capture->block.args[0] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	/* any child: the one that ended it, or the only one */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = (unsigned long long)-1;
	expect_child(state, family.parent, capture, 4000000, "ended", &waker);
	capture = of_call(SYS_wait4);
	capture->block.args[0] = 0xffffffff; /* -1 as 32 bits */
	expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	capture = of_call(SYS_waitid);
	capture->block.args[0] = P_ALL;
	capture->block.args[1] = 17; /* means nothing then */
	expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	expect_child(state, family.child, of_call(SYS_wait4), 0, NULL, NULL);
	/* a vfork that the child's exec ended */
	expect_child(state, family.parent, of_call(SYS_clone), 4000000, "ended", &waker);
	/* gone already, and never seen */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = 4000001;
	expect_child(state, family.parent, capture, 4000001, NULL, &waker);
	end_family(&family);
}

static void test_pidfd(void **state)
{
	struct family family = start_family();
	struct bp_capture *capture = of_kind(SYS_ppoll, BP_OBJECT_ANON);

	SET_PATH(capture, "[pidfd]");
	expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	/* it says itself whose it is */
	capture = of_kind(SYS_waitid, BP_OBJECT_ANON);
	SET_PATH(capture, "[pidfd]");
	capture->object.pid = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	end_family(&family);
}

static void expect_by_stack(void **state, int call, unsigned int kind, const struct frame *frame,
			    enum cause cause)
{
	struct slice slice = { .stack = stack_new(frame, 1, false) };

	assert_non_null(slice.stack);
	classify_as(state, getpid(), of_kind(call, kind), &slice);
	assert_int_equal(slice.cause, cause);
	slice_clear(&slice);
}

/* subprocess.run waits for its child by way of pipes, polls and naps. */
static void test_subprocess(void **state)
{
	static const struct frame communicate = { .kind = FRAME_PYTHON,
						  .fn = "Popen._communicate",
						  .file = "/usr/lib/python3.11/subprocess.py",
						  .line = 2108 };
	static const struct frame wait = { .kind = FRAME_PYTHON,
					   .fn = "Popen._wait",
					   .file = "/usr/lib/python3.11/subprocess.py",
					   .line = 2000 };
	static const struct frame elsewhere = {
		.kind = FRAME_PYTHON, .fn = "wait", .file = "/app/my_subprocess.py", .line = 3
	};
	static const struct frame native = {
		.kind = FRAME_NATIVE, .fn = "wait", .file = "/x/subprocess.py", .line = 3
	};
	static const struct frame start = { .kind = FRAME_PYTHON,
					    .fn = "Popen.__init__",
					    .file = "/usr/lib/python3.11/subprocess.py",
					    .line = 1000 };
	static const struct frame execute = { .kind = FRAME_PYTHON,
					      .fn = "Popen._execute_child",
					      .file = "/usr/lib/python3.11/subprocess.py",
					      .line = 1800 };

	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &communicate, CAUSE_CHILD);
	expect_by_stack(state, SYS_ppoll, BP_OBJECT_ANON, &communicate, CAUSE_CHILD);
	expect_by_stack(state, SYS_clock_nanosleep, BP_OBJECT_NONE, &wait, CAUSE_CHILD);
	expect_by_stack(state, SYS_read, BP_OBJECT_SOCKET, &communicate, CAUSE_SOCKET);
	expect_by_stack(state, SYS_read, BP_OBJECT_FILE, &communicate, CAUSE_FILE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &elsewhere, CAUSE_PIPE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &native, CAUSE_PIPE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &start, CAUSE_PIPE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &execute, CAUSE_CHILD);
}

/* What a function of the program's own does in the child, before that becomes another program. */
static void test_preexec(void **state)
{
	static const struct frame frames[] = {
		{ .kind = FRAME_NATIVE, .fn = "clock_nanosleep", .module = "/usr/lib/libc.so.6" },
		{ .kind = FRAME_PYTHON, .fn = "limit", .file = "/app/run.py", .line = 3 },
		{ .kind = FRAME_PYTHON,
		  .fn = "Popen._execute_child",
		  .file = "/usr/lib/python3.11/subprocess.py",
		  .line = 1800 },
	};
	struct slice slice = { .stack = stack_new(frames, 3, false) };

	assert_non_null(slice.stack);
	classify_as(state, getpid(), of_kind(SYS_clock_nanosleep, BP_OBJECT_NONE), &slice);
	assert_int_equal(slice.cause, CAUSE_SLEEP);
	slice_clear(&slice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_pidfd),
		cmocka_unit_test(test_subprocess),
		cmocka_unit_test(test_preexec),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
