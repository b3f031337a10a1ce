// SPDX-License-Identifier: GPL-2.0-or-later
/* Which threads are loops: asyncio's by their frames, any other's by its habit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_python.h"
#include "runtime/loops/loops.h"
#include "runtime/poll_core.h"
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

	recognised.against = NULL; /* why it is none may be said */
	assert_memory_equal(&recognised, &none, sizeof(recognised));
}

/* -- generic -- */

static struct recognised recognise_candidate_of(const struct bp_candidate *candidate,
						struct poll_core *core)
{
	const struct moment moment = { .pid = 10, .tid = 11, .candidate = candidate, .core = core };

	return recognise(&moment);
}

/* A candidate as the kernel side sends it, and all polls of the thread were like it. */
static struct recognised recognise_often(struct bp_candidate *candidate, unsigned int count)
{
	struct poll_core core = { 0 };

	candidate->wait_id = 5;
	candidate->sp = 0x7fff0000;
	candidate->count = count;
	if (candidate->wait_class == BP_WAIT_POLL || candidate->wait_class == BP_WAIT_SELECT)
		for (unsigned int i = 0; i < 4; i++)
			poll_core_learn(&core, candidate);
	return recognise_candidate_of(candidate, core.times ? &core : NULL);
}

static bool is_habit(unsigned int wait_class, unsigned int count)
{
	struct bp_candidate candidate = { .wait_class = wait_class, .nr_fds = 1 };
	struct recognised recognised;

	if (wait_class == BP_WAIT_SELECT)
		candidate.words[0] = 1 << 7;
	recognised = recognise_often(&candidate, count);
	if (!recognised.runtime)
		return false;
	assert_string_equal(recognised.runtime->name, "generic");
	assert_int_equal(recognised.way, WAY_HABIT);
	assert_int_equal(recognised.wait_class, wait_class);
	assert_int_equal(recognised.wait_id, 5);
	assert_int_equal(recognised.loop_object, 0);
	assert_int_equal(recognised.turn_start_ns, 0);
	return true;
}

/* Three returns, of whatever kind the wait is. */
static void test_generic_habit(void **state)
{
	static const unsigned int classes[] = { BP_WAIT_EPOLL, BP_WAIT_URING, BP_WAIT_AIO,
						BP_WAIT_POLL, BP_WAIT_SELECT };

	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		assert_false(is_habit(classes[i], 0));
		assert_false(is_habit(classes[i], 3));
		assert_true(is_habit(classes[i], 4));
	}
}

/* What lies between does not matter, but for sleeps further out on the same stack, after most turns. */
static void test_generic_others(void **state)
{
	struct bp_candidate candidate = { .wait_class = BP_WAIT_EPOLL, .outer = 1 };

	(void)state;
	assert_non_null(recognise_often(&candidate, 4).runtime);
	candidate.outer = 3;
	assert_non_null(recognise_often(&candidate, 8).runtime);
	candidate.outer = 4;
	assert_null(recognise_often(&candidate, 8).runtime);
	assert_non_null(recognise_often(&candidate, 8).against);
}

/* Polls are in doubt until they show a server's descriptors. */
static void test_generic_polls(void **state)
{
	struct bp_candidate candidate = { .wait_class = BP_WAIT_POLL,
					  .nr_fds = 2,
					  .fds = { 7, 9 } };
	struct bp_candidate other = {
		.wait_class = BP_WAIT_POLL, .sp = 0x7fff0000, .nr_fds = 1, .fds = { 8 }
	};
	struct poll_core core = { 0 };

	(void)state;
	assert_int_equal(recognise_often(&candidate, 4).doubt, DOUBT_HABIT);
	candidate.listens = 1; /* maybe one that serves its connections one by one */
	assert_int_equal(recognise_often(&candidate, 4).doubt, DOUBT_HABIT);
	candidate.connected = 1;
	assert_int_equal(recognise_often(&candidate, 4).doubt, DOUBT_NONE);
	candidate.listens = candidate.connected = 0;
	candidate.nr_fds = 4;
	candidate.fds[2] = 10;
	candidate.fds[3] = 11;
	assert_int_equal(recognise_often(&candidate, 4).doubt, DOUBT_NONE);
	/* one connection: a client's */
	candidate.nr_fds = 1;
	candidate.connected = 1;
	assert_null(recognise_often(&candidate, 100).runtime);
	/* nothing in common */
	candidate.connected = 0;
	poll_core_learn(&core, &candidate);
	poll_core_learn(&core, &other);
	assert_int_equal(core.nr, 0);
	assert_null(recognise_candidate_of(&candidate, &core).runtime);
}

/* The core is of the outermost calls: what callbacks poll for does not shrink it. */
static void test_poll_core(void **state)
{
	struct bp_candidate outer = {
		.wait_class = BP_WAIT_POLL, .sp = 0x7fff0000, .nr_fds = 3, .fds = { 3, 5, 6 }
	};
	struct bp_candidate inner = {
		.wait_class = BP_WAIT_POLL, .sp = 0x7ffe0000, .nr_fds = 1, .fds = { 9 }
	};
	struct poll_core core = { 0 };
	int keys[BP_CORE];

	(void)state;
	poll_core_learn(&core, &inner);
	assert_int_equal(core.nr, 1);
	poll_core_learn(&core, &outer);
	poll_core_learn(&core, &inner);
	assert_int_equal(core.nr, 3);
	outer.fds[1] = 8;
	poll_core_learn(&core, &outer);
	assert_int_equal(core.nr, 2);
	assert_int_equal(core.fds[0], 3);
	assert_int_equal(core.fds[1], 6);
	assert_int_equal(core.times, 2);
	assert_int_equal(poll_core_keys(&core, 1 << 30, false, keys), 2);
}

/* Where each poll of a thread has the wakeup descriptor, that alone is no mark of the loop's. */
static void test_polls_alike(void **state)
{
	int wakeup = eventfd(0, EFD_CLOEXEC), listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct poll_core core = { .fds = { listener, wakeup }, .nr = 2 };
	int keys[BP_CORE];

	(void)state;
	assert_int_equal(poll_core_keys(&core, getpid(), false, keys), 1);
	assert_int_equal(keys[0], wakeup);
	assert_int_equal(poll_core_keys(&core, getpid(), true, keys), 2);
	close(listener);
	close(wakeup);
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
	/* a reactor of the program's own, as any other's */
	candidate.count = 1000;
	assert_string_equal(recognise(&moment).runtime->name, "generic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generic_habit),
		cmocka_unit_test(test_generic_others),
		cmocka_unit_test(test_generic_polls),
		cmocka_unit_test(test_poll_core),
		cmocka_unit_test(test_polls_alike),
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
