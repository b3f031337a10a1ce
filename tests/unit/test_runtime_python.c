// SPDX-License-Identifier: GPL-2.0-or-later
/* Loops written in Python: by their program's own word, by frames, and when neither counts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_python.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "symbol/on_stack.h"
#include "tests/unit/memory_sources.h"

#define PTHREAD 0x7f0000001000
#define LOOP	0xabc0

/* No native function is on any stack. */
int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	(void)symbols, (void)pid, (void)sp, (void)parts, (void)nr;
	return -ENOENT;
}

/* Of no process that there is. */
static struct moment seen(struct python *python)
{
	return (struct moment){ .tid = 11, .pthread = PTHREAD, .python = python, .comm = "" };
}

static struct recognised recognise(const struct moment *moment)
{
	struct moment whole = *moment;
	struct pool pool = { 0 };
	struct recognised recognised;

	whole.pool = &pool;
	runtime_recognise(&whole, &recognised);
	return recognised;
}

/* -- asyncio's word -- */

/* A greenlet's stack has nothing of the loop. */
static void test_said_without_frames(void **state)
{
	struct python python = {
		.thread_loop = { .said = true,
				 .loop_object = LOOP,
				 .epoll_fd = 6,
				 .turn_start_ns = 123,
				 .task = 0xdef0 },
	};
	struct bp_block block = { .wait_class = BP_WAIT_POLL, .wait_id = 77 };
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.block = &block;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "asyncio");
	assert_int_equal(recognised.way, WAY_WORD);
	assert_int_equal(recognised.doubt, DOUBT_NONE);
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 6);
	assert_true(recognised.in_turn);
	assert_int_equal(recognised.turn_start_ns, 123);
	assert_int_equal(recognised.loop_object, LOOP);
	assert_int_equal(recognised.task, 0xdef0);
	python.thread_loop.guest = true;
	assert_int_equal(recognise(&moment).doubt, DOUBT_GUEST);
}

/* Frames alone know a loop too, of which nothing is said where someone tampers with it. */
static void test_frames_without_word(void **state)
{
	struct python python = {
		.thread_loop = { .run_onces = 1, .left = true, .epoll_fd = 6 },
	};
	struct moment moment = seen(&python);

	(void)state;
	assert_int_equal(recognise(&moment).way, WAY_STACK);
	python.thread_loop.run_onces = 0;
	assert_null(recognise(&moment).runtime);
}

/* Its event has come, and another thread keeps the GIL: innermost is the select still. */
static void test_waits_for_gil(void **state)
{
	struct python python = {
		.thread_loop = { .said = true,
				 .run_onces = 1,
				 .in_own_select = true,
				 .due_ns = 4000,
				 .loop_object = LOOP,
				 .epoll_fd = 6 },
	};
	struct bp_block block = { .wait_class = BP_WAIT_FUTEX, .wait_id = 0x5550 };
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.block = &block;
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 6);
	assert_true(recognised.in_turn);
	assert_int_equal(recognised.turn_start_ns, 4000);
	block = (struct bp_block){ .wait_class = BP_WAIT_EPOLL, .wait_id = 6 };
	recognised = recognise(&moment);
	assert_false(recognised.in_turn);
	assert_int_equal(recognised.turn_start_ns, 0);
}

/* A nested loop that serves the same selector waits for it as the outer one does. */
static void test_nested_in_same_selector(void **state)
{
	struct python python = {
		.thread_loop = { .said = true, .run_onces = 2, .loop_object = LOOP, .epoll_fd = 6 },
		.frames_loop = { .run_onces = 2, .epoll_fd = -1 },
	};
	struct bp_candidate candidate = {
		.wait_class = BP_WAIT_EPOLL, .wait_id = 6, .count = 1, .stack.python_nr = 5
	};
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.candidate = &candidate;
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_id, 6);
	assert_false(recognised.in_turn);
	candidate.wait_id = 9; /* one of its own is a block */
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_id, 6);
	assert_true(recognised.in_turn);
}

/* A loop without a selector of Python's waits where it is seen to, outside of tasks. */
static void test_compiled_loop(void **state)
{
	struct python python = {
		.thread_loop = { .said = true,
				 .in_call = true,
				 .loop_object = LOOP,
				 .epoll_fd = -1 },
	};
	struct bp_candidate candidate = { .wait_class = BP_WAIT_EPOLL, .wait_id = 8, .count = 1 };
	struct moment moment = seen(&python);

	(void)state;
	moment.candidate = &candidate;
	assert_int_equal(recognise(&moment).wait_id, 8);
	python.thread_loop.task = 0xdef0;
	assert_int_equal(recognise(&moment).wait_class, BP_WAIT_NONE);
	assert_true(recognise(&moment).in_turn);
	python.thread_loop.task = 0;
	python.thread_loop.in_call = false;
	assert_int_equal(recognise(&moment).wait_class, BP_WAIT_NONE);
}

/* -- a child -- */

static pid_t forked(int epoll_parent)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		epoll_create1(0);
		for (;;)
			pause();
	}
	assert_true(pid > 0 && epoll_parent >= 0);
	return pid;
}

/* What is said may be the parent's, and so may the instance: in a turn that proves nothing. */
static void test_child(void **state)
{
	int fd = epoll_create1(0);
	struct python python = {
		.thread_loop = { .said = true, .loop_object = LOOP, .epoll_fd = fd, .task = 8 },
	};
	struct bp_block block = { .wait_class = BP_WAIT_NONE };
	struct moment moment = seen(&python);

	(void)state;
	moment.pid = forked(fd);
	moment.tid = moment.pid;
	moment.memory = (struct memory){ process_memory(), moment.pid };
	moment.block = &block;
	assert_null(recognise(&moment).runtime);
	assert_non_null(recognise(&moment).against);
	/* it serves it */
	block = (struct bp_block){ .wait_class = BP_WAIT_EPOLL, .wait_id = (uint64_t)fd };
	assert_string_equal(recognise(&moment).runtime->name, "asyncio");
	/* the child's own */
	block.wait_class = BP_WAIT_NONE;
	python.thread_loop.epoll_fd = fd + 1;
	assert_string_equal(recognise(&moment).runtime->name, "asyncio");
	/* frames of a hub that go back to before it was forked */
	python = (struct python){ .hub = PYTHON_HUB_TWISTED, .hub_epoll = fd + 1 };
	assert_null(recognise(&moment).runtime);
	kill(moment.pid, SIGKILL);
	waitpid(moment.pid, NULL, 0);
	close(fd);
}

/* The frames of when it began to sleep have the parent's loop, too: those of now tell them apart. */
static void test_ghosts(void **state)
{
	struct python python = {
		.thread_loop = { .left = true, .ghosts = 1, .epoll_fd = -1 },
		.frames_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = -1 },
	};
	struct bp_candidate candidate = { .wait_class = BP_WAIT_POLL, .stack.python_nr = 5 };
	struct moment moment = seen(&python);

	(void)state;
	moment.candidate = &candidate;
	assert_null(recognise(&moment).runtime);
}

/* -- a block whose stack has no frame of the loop -- */

static const struct fake_code codes[] = { { 0x1000, { .fn = "f", .file = "f.py", .line = 1 } },
					  { 0 } };

static enum other_wait other_wait_of(const struct runtime *runtime, struct python *python,
				     uint64_t task)
{
	static struct bp_stack stack;
	static const struct bp_block block;
	struct moment moment = seen(python);

	stack = (struct bp_stack){ .python_nr = 1, .python[0].code = 0x1000, .task = task };
	moment.stack = &stack;
	moment.block = &block;
	python->codes = codes;
	return runtime->other_wait(&moment);
}

static enum other_wait other_wait(struct python *python, uint64_t task)
{
	return other_wait_of(&runtime_asyncio, python, task);
}

static void test_left_or_unseen(void **state)
{
	struct python python = { .thread_loop = { .left = true, .epoll_fd = -1 } };

	(void)state;
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_LEFT);
	/* another thread's task, where the loop was not known */
	assert_int_equal(other_wait(&python, 8), OTHER_WAIT_LEFT);
	python.task_is_on = true;
	assert_int_equal(other_wait(&python, 8), OTHER_WAIT_NONE);
	/* a callback's greenlet */
	python.thread_loop.left = false;
	python.thread_loop.said = true;
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_NONE);
	/* between two loops, the second of which runs now */
	python.frames_loop.whole = true;
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_LEFT);
	assert_int_equal(other_wait(&python, 8), OTHER_WAIT_NONE);
}

/* A loop of compiled code: what runs it shows. */
static void test_compiled_loop_unseen(void **state)
{
	struct python python = { .thread_loop = { .said = true, .epoll_fd = -1 },
				 .frames_loop = { .whole = true, .in_run = true } };

	(void)state;
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_NONE);
	python.thread_loop.epoll_fd = 6; /* asyncio's own would show */
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_LEFT);
	python.thread_loop = (struct python_loop){ .left = true, .epoll_fd = -1 };
	assert_int_equal(other_wait(&python, 0), OTHER_WAIT_LEFT);
}

/* -- uvloop, whose frames never show -- */

static void test_uvloop(void **state)
{
	struct python python = {
		.thread_loop = { .said = true,
				 .is_uvloop = true,
				 .loop_object = LOOP,
				 .epoll_fd = 5,
				 .task = 8 },
	};
	struct bp_block block = { .wait_class = BP_WAIT_FUTEX, .wait_id = 0x5550 };
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.block = &block;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "uvloop");
	assert_int_equal(recognised.way, WAY_WORD);
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 5);
	assert_true(recognised.in_turn);
	block = (struct bp_block){ .wait_class = BP_WAIT_EPOLL, .wait_id = 5 };
	assert_false(recognise(&moment).in_turn);
}

static void test_uvloop_left(void **state)
{
	struct python python = { .thread_loop = { .said = true, .epoll_fd = -1 },
				 .frames_loop = { .whole = true, .called = true } };

	(void)state;
	/* a callback: what called it is not Python's */
	assert_int_equal(other_wait_of(&runtime_uvloop, &python, 0), OTHER_WAIT_NONE);
	/* between two loops, the second of which runs now */
	python.frames_loop.called = false;
	assert_int_equal(other_wait_of(&runtime_uvloop, &python, 0), OTHER_WAIT_LEFT);
	python.task_is_on = true;
	assert_int_equal(other_wait_of(&runtime_uvloop, &python, 8), OTHER_WAIT_NONE);
	python.frames_loop.called = true;
	python.thread_loop = (struct python_loop){ .left = true, .epoll_fd = -1 };
	assert_int_equal(other_wait_of(&runtime_uvloop, &python, 0), OTHER_WAIT_LEFT);
}

/* -- other loops -- */

static void test_hubs_in_turn(void **state)
{
	static const struct {
		enum python_hub hub;
		const char *name;
	} hubs[] = {
		{ PYTHON_HUB_TRIO, "trio" },	     { PYTHON_HUB_TWISTED, "twisted" },
		{ PYTHON_HUB_EVENTLET, "eventlet" }, { PYTHON_HUB_KOMBU, "kombu" },
		{ PYTHON_HUB_PIKA, "pika" },	     { PYTHON_HUB_ASYNCORE, "asyncore" },
	};
	struct bp_block block = { .wait_class = BP_WAIT_FUTEX, .wait_id = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(hubs) / sizeof(hubs[0]); i++) {
		struct python python = { .hub = hubs[i].hub, .hub_epoll = 1 + 4 };
		struct moment moment = seen(&python);
		struct recognised recognised;

		moment.block = &block;
		recognised = recognise(&moment);
		assert_string_equal(recognised.runtime->name, hubs[i].name);
		assert_int_equal(recognised.way, WAY_STACK);
		assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
		assert_int_equal(recognised.wait_id, 4);
		assert_true(recognised.in_turn);
		/* on poll or select: where it waits shows with the first wait */
		python.hub_epoll = 0;
		assert_int_equal(recognise(&moment).wait_class, BP_WAIT_NONE);
		assert_non_null(recognise(&moment).runtime);
	}
}

/* Another greenlet runs: the thread's locals say whose hub stands still meanwhile. */
static void test_hub_aside(void **state)
{
	struct python python = { .hub_aside = PYTHON_HUB_EVENTLET, .hub_epoll = 1 + 4 };
	struct bp_block block = { .wait_class = BP_WAIT_POLL, .wait_id = 7 };
	struct bp_candidate candidate = { .wait_class = BP_WAIT_POLL, .wait_id = 7, .count = 100 };
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.block = &block;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "eventlet");
	assert_int_equal(recognised.way, WAY_WORD);
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 4);
	assert_true(recognised.in_turn);
	python.hub_aside = PYTHON_HUB_GEVENT;
	assert_string_equal(recognise(&moment).runtime->name, "gevent");
	/* what that greenlet waits for is no loop's, however often */
	moment.candidate = &candidate;
	assert_null(recognise(&moment).runtime);
}

static void test_hubs_left(void **state)
{
	struct python python = { .hub = PYTHON_HUB_TWISTED };

	(void)state;
	assert_int_equal(other_wait_of(&runtime_twisted, &python, 0), OTHER_WAIT_NONE);
	/* it has nothing to wait for but its next timer */
	python.hub_waits = true;
	assert_int_equal(other_wait_of(&runtime_twisted, &python, 0), OTHER_WAIT_LEFT);
	python.hub = PYTHON_HUB_NONE;
	assert_int_equal(other_wait_of(&runtime_twisted, &python, 0), OTHER_WAIT_LEFT);
	/* another greenlet */
	assert_int_equal(other_wait_of(&runtime_eventlet, &python, 0), OTHER_WAIT_NONE);
	python.hub = PYTHON_HUB_EVENTLET;
	assert_int_equal(other_wait_of(&runtime_eventlet, &python, 0), OTHER_WAIT_LEFT);
}

/* By habit, but for what waits for one answer as often as it likes. */
static void test_borrower(void **state)
{
	struct python python = { .borrows = "it waits here for an answer" };
	struct bp_candidate candidate = {
		.wait_class = BP_WAIT_EPOLL, .wait_id = 7, .count = 100, .stack.python_nr = 1
	};
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.candidate = &candidate;
	recognised = recognise(&moment);
	assert_null(recognised.runtime);
	assert_string_equal(recognised.against, python.borrows);
	python.borrows = NULL;
	assert_string_equal(recognise(&moment).runtime->name, "generic");
}

/* A wait from before its interpreter was known: what the thread is in now says nothing of that. */
static void test_unseen_frames(void **state)
{
	struct python python = { .tstate = 0x1234 };
	struct bp_candidate candidate = { .wait_class = BP_WAIT_EPOLL, .wait_id = 7, .count = 4 };
	struct moment moment = seen(&python);

	(void)state;
	moment.candidate = &candidate;
	assert_null(recognise(&moment).runtime);
	/* it never sleeps there, and is not seen otherwise */
	candidate.count = 64;
	assert_string_equal(recognise(&moment).runtime->name, "generic");
	/* of another thread there are none */
	candidate.count = 4;
	python.tstate = 0;
	assert_string_equal(recognise(&moment).runtime->name, "generic");
	/* later, with those of the moment */
	python.tstate = 0x1234;
	candidate.stack.python_nr = 1;
	assert_string_equal(recognise(&moment).runtime->name, "generic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said_without_frames),
		cmocka_unit_test(test_frames_without_word),
		cmocka_unit_test(test_waits_for_gil),
		cmocka_unit_test(test_nested_in_same_selector),
		cmocka_unit_test(test_compiled_loop),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_ghosts),
		cmocka_unit_test(test_unseen_frames),
		cmocka_unit_test(test_left_or_unseen),
		cmocka_unit_test(test_compiled_loop_unseen),
		cmocka_unit_test(test_uvloop),
		cmocka_unit_test(test_uvloop_left),
		cmocka_unit_test(test_hubs_in_turn),
		cmocka_unit_test(test_hub_aside),
		cmocka_unit_test(test_hubs_left),
		cmocka_unit_test(test_borrower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
