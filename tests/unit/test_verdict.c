// SPDX-License-Identifier: GPL-2.0-or-later
/* Which frames of a stack say where it is, and which slice a stall is named after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/place.h"

#define PYTHON(function, path)                                                    \
	{                                                                         \
		.kind = FRAME_PYTHON, .fn = (function), .file = (path), .line = 7 \
	}
#define NATIVE(function, path)                                           \
	{                                                                \
		.kind = FRAME_NATIVE, .fn = (function), .module = (path) \
	}

#define LIBRARY "/usr/lib/python3.11/"

static const struct frame own = PYTHON("fetch", "/app/a.py");
static const struct frame other = PYTHON("store", "/app/a.py");
static const struct frame socket_py = PYTHON("create_connection", LIBRARY "socket.py");
static const struct frame runner = PYTHON("run", LIBRARY "asyncio/runners.py");
static const struct frame main_py = PYTHON("<module>", "/app/main.py");
static const struct frame libc = NATIVE("connect", "/lib/libc.so.6");
static const struct frame nameless = NATIVE("web+0x12", "/usr/bin/web");
static const struct frame api = NATIVE("SSL_read", "/usr/lib/libssl.so.3");
static const struct frame std = NATIVE("std::this_thread::sleep_for<long>", "/usr/bin/web");
static const struct frame handler = NATIVE("Handler::answer", "/usr/bin/web");
static const struct frame kernel = { .kind = FRAME_KERNEL, .fn = "tcp_recvmsg" };

#define STACK(...)                                       \
	stack_new((const struct frame[]){ __VA_ARGS__ }, \
		  sizeof((const struct frame[]){ __VA_ARGS__ }) / sizeof(struct frame), false)

static void assert_place(struct stack *stack, const struct frame *frame)
{
	const struct frame *place = place_of(stack);

	assert_non_null(place);
	assert_true(frame_equal(place, frame));
	stack_put(stack);
}

static void the_own_frame_says_where(void **state)
{
	(void)state;
	assert_null(place_of(NULL));
	assert_place(STACK(kernel, libc, socket_py, own, runner, main_py), &own);
	/* what is outside of the loop only started it */
	assert_place(STACK(kernel, libc, socket_py, runner, main_py), &socket_py);
	/* the program's own function, also where that has no name, rather than what it called */
	assert_place(STACK(kernel, libc, api, nameless), &nameless);
	assert_place(STACK(kernel, libc, std, handler), &handler);
	assert_place(STACK(kernel, libc, api), &api);
	assert_place(STACK(kernel, libc), &libc);
	/* but not by the instruction that a tick of the clock hit */
	assert_place(STACK(nameless, handler), &handler);
	assert_place(STACK(kernel), &kernel);
}

static struct slice slice_of(struct stack *stack, enum cause cause, uint64_t ns)
{
	return (struct slice){ .cause = cause, .ns = ns, .stack = stack };
}

static void clear(struct slice *slices, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		slice_clear(&slices[i]);
}

/* Three samples in as many helpers of one line are more than one in another line. */
static void slices_in_one_place_count_as_one(void **state)
{
	struct slice slices[] = {
		slice_of(STACK(own, runner), CAUSE_SLEEP, 90),
		slice_of(STACK(kernel, other, runner), CAUSE_CPU, 50),
		slice_of(STACK(libc, own, runner), CAUSE_CPU, 30),
		slice_of(STACK(api, own, runner), CAUSE_CPU, 30),
		slice_of(STACK(own, runner), CAUSE_CPU, 10),
	};
	struct stall_record stall = { .cause = CAUSE_CPU, .slices = { .v = slices, .nr = 5 } };

	(void)state;
	assert_true(slice_same_place(&slices[2], &slices[3]));
	assert_false(slice_same(&slices[2], &slices[3]));
	assert_false(slice_same_place(&slices[0], &slices[4]));
	assert_ptr_equal(stall_verdict(&stall), &slices[2]);
	stall.cause = CAUSE_SLEEP;
	assert_ptr_equal(stall_verdict(&stall), &slices[0]);
	stall.cause = CAUSE_RUNQUEUE;
	assert_null(stall_verdict(&stall));
	clear(slices, 5);
}

/* What has no stack has the place of another slice only where the thread was not let run. */
static void a_block_without_a_stack_is_nowhere(void **state)
{
	struct slice slices[] = {
		slice_of(NULL, CAUSE_SLEEP, 300),
		slice_of(NULL, CAUSE_RUNQUEUE, 40),
		slice_of(STACK(own, runner), CAUSE_CPU, 2),
	};
	struct stall_record stall = { .cause = CAUSE_SLEEP, .slices = { .v = slices, .nr = 3 } };

	(void)state;
	assert_ptr_equal(stall_verdict(&stall), &slices[0]);
	assert_null(stall_place(&stall));
	stall.cause = CAUSE_RUNQUEUE;
	assert_ptr_equal(stall_place(&stall), &slices[2]);
	stall.cause = CAUSE_THROTTLED;
	assert_ptr_equal(stall_place(&stall), &slices[2]);
	clear(slices, 3);
}

/* A recording may hold any number: those beyond a bound are not compared with all others. */
static void many_places_have_a_verdict(void **state)
{
	enum { NR = 200 };
	struct slice slices[NR];
	struct stall_record stall = { .cause = CAUSE_FILE, .slices = { .v = slices, .nr = NR } };

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		char fn[16];
		struct frame frame = PYTHON(fn, "/app/a.py");

		snprintf(fn, sizeof(fn), "f%zu", i);
		slices[i] = slice_of(stack_new(&frame, 1, false), CAUSE_FILE, 1000 - i);
	}
	assert_ptr_equal(stall_verdict(&stall), &slices[0]);
	clear(slices, NR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_frame_says_where),
		cmocka_unit_test(slices_in_one_place_count_as_one),
		cmocka_unit_test(a_block_without_a_stack_is_nowhere),
		cmocka_unit_test(many_places_have_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
