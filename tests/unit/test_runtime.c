// SPDX-License-Identifier: GPL-2.0-or-later
/* Which threads are loops: asyncio's by their frames, any other's by its habit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_python.h"
#include "runtime/loops/loops.h"
#include "symbol/on_stack.h"

#define PTHREAD 0x7f0000001000

/* No native function is on any stack. */
int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	(void)symbols, (void)pid, (void)sp, (void)parts, (void)nr;
	return -ENOENT;
}

static struct recognised recognise(const struct moment *moment)
{
	struct moment whole = *moment;
	struct pool pool = { 0 };
	struct recognised recognised;

	whole.comm = "a thread";
	whole.pool = &pool;
	memset(&recognised, 0x5a, sizeof(recognised));
	runtime_recognise(&whole, &recognised);
	return recognised;
}

static void assert_no_loop(const struct moment *moment)
{
	static const struct recognised none;
	struct recognised recognised = recognise(moment);

	assert_memory_equal(&recognised, &none, sizeof(recognised));
}

/* -- generic -- */

static bool is_habit(unsigned int wait_class, unsigned int count, unsigned long long others)
{
	const struct bp_candidate candidate = {
		.wait_class = wait_class, .wait_id = 5, .count = count, .others = others
	};
	const struct moment moment = { .pid = 10, .tid = 11, .candidate = &candidate };
	struct recognised recognised = recognise(&moment);

	if (!recognised.runtime)
		return false;
	assert_string_equal(recognised.runtime->name, "generic");
	assert_int_equal(recognised.wait_class, wait_class);
	assert_int_equal(recognised.wait_id, 5);
	assert_int_equal(recognised.loop_object, 0);
	assert_int_equal(recognised.turn_start_ns, 0);
	return true;
}

static void test_generic_habit(void **state)
{
	(void)state;
	assert_false(is_habit(BP_WAIT_EPOLL, 0, 0));
	assert_false(is_habit(BP_WAIT_EPOLL, 3, 0));
	assert_true(is_habit(BP_WAIT_EPOLL, 4, 0));
	assert_false(is_habit(BP_WAIT_URING, 3, 0));
	assert_true(is_habit(BP_WAIT_URING, 4, 0));
	assert_false(is_habit(BP_WAIT_POLL, 15, 0));
	assert_true(is_habit(BP_WAIT_POLL, 16, 0));
	assert_false(is_habit(BP_WAIT_SELECT, 15, 0));
	assert_true(is_habit(BP_WAIT_SELECT, 16, 0));
}

/* A worker that polls now and then, and mostly sleeps elsewhere, is no loop. */
static void test_generic_others(void **state)
{
	(void)state;
	assert_true(is_habit(BP_WAIT_EPOLL, 8, 4));
	assert_false(is_habit(BP_WAIT_EPOLL, 8, 5));
	assert_true(is_habit(BP_WAIT_POLL, 100, 50));
	assert_false(is_habit(BP_WAIT_POLL, 100, 51));
	assert_false(is_habit(BP_WAIT_EPOLL, UINT32_MAX, UINT64_MAX));
}

static void test_generic_looked_at(void **state)
{
	const struct bp_block block = { .wait_class = BP_WAIT_EPOLL, .wait_id = 5 };
	const struct moment moment = { .pid = 10, .tid = 11, .block = &block };

	(void)state;
	assert_no_loop(&moment); /* one wait is no habit */
}

/* -- asyncio -- */

static struct moment seen(struct python *python)
{
	return (struct moment){ .pid = 10, .tid = 11, .pthread = PTHREAD, .python = python };
}

/* Judged when the interpreter can be read, and not as something else before. */
static void test_python_pending(void **state)
{
	const struct bp_candidate candidate = { .wait_class = BP_WAIT_EPOLL, .count = 100 };
	struct moment moment = seen(NULL);

	(void)state;
	moment.python_pending = true;
	moment.candidate = &candidate;
	assert_no_loop(&moment);
}

/* A Python thread that polls without a _run_once is no loop, however often it does. */
static void test_python_without_loop(void **state)
{
	struct python python = { .thread_loop = { .run_onces = 0, .epoll_fd = 7 } };
	struct bp_candidate candidate = { .wait_class = BP_WAIT_POLL, .count = 1000 };
	struct moment moment = seen(&python);

	(void)state;
	assert_no_loop(&moment);
	assert_int_equal(python.asked_pthread, PTHREAD);
	moment.candidate = &candidate;
	assert_no_loop(&moment);
	candidate.stack.python_nr = 2;
	assert_no_loop(&moment);
	python.thread_err = python.frames_err = -ESRCH;
	python.thread_loop.run_onces = 1; /* garbage of a read that failed */
	assert_no_loop(&moment);
}

/* It sleeps in the selector that its only _run_once called: that is its wait. */
static void test_asyncio_candidate(void **state)
{
	struct python python = {
		.thread_loop = { .run_onces = 1,
				 .loop_object = 0xabc0,
				 .epoll_fd = 9,
				 .turn_start_ns = 4,
				 .task = 8 },
		.frames_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = -1 },
	};
	struct bp_candidate candidate = {
		.wait_class = BP_WAIT_EPOLL, .wait_id = 6, .count = 1, .stack = { .python_nr = 5 }
	};
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.candidate = &candidate;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "asyncio");
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 6);
	assert_int_equal(recognised.loop_object, 0xabc0);
	assert_int_equal(recognised.turn_start_ns, 0);
	/* a poll selector's wait is the call site */
	candidate.wait_class = BP_WAIT_POLL;
	candidate.wait_id = 0x7ffc0000;
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_class, BP_WAIT_POLL);
	assert_int_equal(recognised.wait_id, 0x7ffc0000);
}

/* The frames of the moment when it began to sleep count, not those of now. */
static void test_asyncio_candidate_elsewhere(void **state)
{
	struct python python = {
		.thread_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = 9 },
		.frames_loop = { .run_onces = 1, .epoll_fd = -1 },
	};
	struct bp_candidate candidate = {
		.wait_class = BP_WAIT_POLL, .wait_id = 77, .count = 50, .stack = { .python_nr = 5 }
	};
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.candidate = &candidate;
	recognised = recognise(&moment); /* a callback's poll */
	assert_string_equal(recognised.runtime->name, "asyncio");
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 9);
	/* no frames of then: those of now */
	candidate.stack.python_nr = 0;
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_class, BP_WAIT_POLL);
	assert_int_equal(recognised.wait_id, 77);
}

/* Found by a look: it waits, or a turn of it runs. */
static void test_asyncio_looked_at(void **state)
{
	struct python python = {
		.thread_loop = { .run_onces = 1,
				 .in_own_select = true,
				 .loop_object = 0xabc0,
				 .epoll_fd = -1 },
	};
	struct bp_block block = { .wait_class = BP_WAIT_EPOLL, .wait_id = 3 };
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.block = &block;
	recognised = recognise(&moment);
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 3);
	assert_int_equal(recognised.turn_start_ns, 0);

	python.thread_loop = (struct python_loop){ .run_onces = 2,
						   .loop_object = 0xabc0,
						   .turn_start_ns = 123,
						   .epoll_fd = 6,
						   .task = 0xdef0 };
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "asyncio");
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 6); /* of its selector, not of the nested one */
	assert_int_equal(recognised.turn_start_ns, 123);
	assert_int_equal(recognised.task, 0xdef0);
	assert_int_equal(recognised.loop_object, 0xabc0);

	python.thread_loop.epoll_fd = -1;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "asyncio");
	assert_int_equal(recognised.wait_class, BP_WAIT_NONE);
}

/* A child has the frames of the turn in which it was forked; a loop of its own begins later. */
static void test_asyncio_forked(void **state)
{
	struct python python = {
		.thread_loop = { .run_onces = 1, .turn_start_ns = 1000, .epoll_fd = 6 },
	};
	struct moment moment = seen(&python);

	(void)state;
	moment.forked_ns = 1001;
	assert_no_loop(&moment);
	moment.forked_ns = 1000;
	assert_string_equal(recognise(&moment).runtime->name, "asyncio");
	python.thread_loop.turn_start_ns = 0; /* it waits: in a loop of its own */
	moment.forked_ns = 5000;
	assert_string_equal(recognise(&moment).runtime->name, "asyncio");
}

static void test_version(void **state)
{
	struct python python = { 0 };
	char version[RUNTIME_VERSION_BYTES];

	(void)state;
	assert_null(runtime_version(&runtime_generic, NULL, NULL, version));
	assert_null(runtime_version(&runtime_nginx, NULL, &python, version));
	assert_string_equal(runtime_version(&runtime_asyncio, NULL, &python, version), "3.11.7");
}

/* -- gevent and trio -- */

static void test_hubs(void **state)
{
	struct python python = { .hub = PYTHON_HUB_GEVENT, .hub_waits = true };
	struct bp_candidate candidate = {
		.wait_class = BP_WAIT_EPOLL, .wait_id = 7, .count = 1, .stack.python_nr = 1
	};
	struct moment moment = seen(&python);
	struct recognised recognised;

	(void)state;
	moment.candidate = &candidate;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "gevent");
	assert_int_equal(recognised.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised.wait_id, 7);
	python.hub = PYTHON_HUB_TRIO;
	recognised = recognise(&moment);
	assert_string_equal(recognised.runtime->name, "trio");
	assert_int_equal(recognised.wait_id, 7);

	/* a nested wait, in one of its tasks */
	python.hub_waits = false;
	assert_no_loop(&moment);
	python.hub = PYTHON_HUB_NONE;
	candidate.count = 1000;
	assert_no_loop(&moment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generic_habit),
		cmocka_unit_test(test_generic_others),
		cmocka_unit_test(test_generic_looked_at),
		cmocka_unit_test(test_python_pending),
		cmocka_unit_test(test_python_without_loop),
		cmocka_unit_test(test_asyncio_candidate),
		cmocka_unit_test(test_asyncio_candidate_elsewhere),
		cmocka_unit_test(test_asyncio_looked_at),
		cmocka_unit_test(test_asyncio_forked),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_hubs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
