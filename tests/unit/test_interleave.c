// SPDX-License-Identifier: GPL-2.0-or-later
/* Native frames and Python frames: the order they are told in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/interleave.h"

#define TEXT_BYTES 512
#define LOOP	   "_PyEval_EvalFrameDefault"

struct native {
	const char *fn;
	uint64_t cfa;
};

/* A Python frame: END closes a run, at this address. */
#define IN                     \
	{                      \
		.code = 0x1000 \
	}
#define END(at)                                                \
	{                                                      \
		.code = 0x1000 | BP_PYTHON_ENTRY, .loop = (at) \
	}
#define NR(list) (sizeof(list) / sizeof((list)[0]))

/* "read 0 1 call 2 main": native frames that stay by name, Python frames by number. */
static const char *told(const struct native *natives, size_t nr_natives,
			const struct bp_python_frame *python, size_t nr)
{
	static char text[TEXT_BYTES];
	struct interleave state;
	size_t next = 0, used = 0, end;

	interleave_start(&state, python, nr);
	for (size_t i = 0; i < nr_natives; i++) {
		bool is_loop = interleave_step(&state, natives[i].fn, natives[i].cfa, &end);

		assert_true(end >= next && end <= nr);
		while (next < end)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu ", next++);
		if (!is_loop)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ",
						 natives[i].fn);
	}
	assert_int_equal(next, state.next);
	while (next < nr)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu ", next++);
	text[used ? used - 1 : 0] = '\0';
	return text;
}

#define assert_told(natives, python, expected) \
	assert_string_equal(told(natives, NR(natives), python, NR(python)), expected)

static void by_names(void **state)
{
	const struct native natives[] = { { "read", 0 },       { LOOP, 0 },   { "sorted", 0 },
					  { LOOP ".cold", 0 }, { "call", 0 }, { "main", 0 } };
	const struct bp_python_frame python[] = { IN, END(0), END(0) };

	(void)state;
	assert_told(natives, python, "read 0 1 sorted 2 call main");
}

/* The native walk ended too early: what it did not come to is outside. */
static void by_names_with_a_native_stack_that_is_cut(void **state)
{
	const struct native natives[] = { { "read", 0 }, { LOOP, 0 }, { "sorted", 0 } };
	const struct bp_python_frame python[] = { END(0), IN, END(0), END(0) };

	(void)state;
	assert_told(natives, python, "read 0 sorted 1 2 3");
}

/* 3.8: PyEval_EvalFrameEx() calls the loop, and is no run of its own. */
static void wrappers(void **state)
{
	const struct native natives[] = { { LOOP, 0 },
					  { "PyEval_EvalFrameEx", 0 },
					  { "call", 0 },
					  { LOOP ".localalias", 0 },
					  { "_PyEval_EvalFrame", 0 },
					  { "PyEval_EvalFrame", 0 },
					  { "main", 0 } };
	const struct bp_python_frame python[] = { END(0), END(0) };

	(void)state;
	assert_told(natives, python, "0 call 1 main");
}

static void two_loops_side_by_side(void **state)
{
	const struct native natives[] = { { LOOP, 0 }, { LOOP, 0 }, { "main", 0 } };
	const struct bp_python_frame python[] = { END(0), END(0) };

	(void)state;
	assert_told(natives, python, "0 1 main");
}

/* A stripped interpreter: its loop has no name, or that of a neighbour. */
static void by_place(void **state)
{
	const struct native natives[] = { { "read", 0x1100 },
					  { "python3.14+0x72e7", 0x1200 },
					  { "list_sort", 0x1300 },
					  { "python3.14+0x7b85", 0x1400 },
					  { "PyEval_EvalCode", 0x1500 },
					  { "main", 0x1600 } };
	const struct bp_python_frame python[] = { IN, END(0x1180), IN, IN, END(0x13f8) };

	(void)state;
	assert_told(natives, python, "read 0 1 list_sort 2 3 4 PyEval_EvalCode main");
}

/* Names that lead astray: places count. */
static void places_before_names(void **state)
{
	const struct native natives[] = { { LOOP, 0x1100 },
					  { "a", 0x1200 },
					  { "b", 0x1300 },
					  { LOOP, 0x1400 },
					  { "main", 0x1500 } };
	const struct bp_python_frame python[] = { END(0x1280), END(0x1380) };

	(void)state;
	assert_told(natives, python, "a 0 1 main");
}

static void tail_calls(void **state)
{
	const struct native natives[] = { { "read", 0x1100 },
					  { "_TAIL_CALL_CALL_BUILTIN_FAST", 0x1180 },
					  { LOOP, 0x1200 },
					  { "main", 0x1300 } };
	const struct bp_python_frame python[] = { IN, END(0x11f0) };

	(void)state;
	assert_told(natives, python, "read 0 1 main");
}

/* Where the extent of some frames is not known, and where the interpreter gives no places. */
static void some_places(void **state)
{
	const struct native natives[] = { { "read", 0x1100 },  { LOOP, 0 },
					  { "call", 0x1300 },  { LOOP, 0x1400 },
					  { "other", 0x1500 }, { LOOP, 0x1600 } };
	const struct bp_python_frame python[] = { END(0x1180), END(0), END(0x1590) };

	(void)state;
	assert_told(natives, python, "read 0 call 1 other 2");
}

static void beyond_the_native_stack(void **state)
{
	const struct native natives[] = { { "read", 0x1100 }, { "x", 0x1200 } };
	const struct bp_python_frame python[] = { IN, END(0x1180), END(0x9000), IN };

	(void)state;
	assert_told(natives, python, "read 0 1 2 3");
}

static void no_python_frames(void **state)
{
	const struct native natives[] = { { "read", 0x1100 }, { LOOP, 0x1200 } };
	const struct bp_python_frame none[1];

	(void)state;
	assert_string_equal(told(natives, 2, none, 0), "read " LOOP);
}

/* Whatever the target's memory holds: each frame once, in order (told() sees to that). */
static void hostile(void **state)
{
	static const char *const fns[] = {
		"a", LOOP, LOOP ".cold", "_TAIL_CALL_X", "PyEval_EvalFrame", ""
	};

	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		struct bp_python_frame python[8];
		struct native natives[8];

		for (size_t i = 0; i < 8; i++) {
			python[i].code = 0x1000 | (random() & BP_PYTHON_ENTRY);
			python[i].loop = random() % 3 ? (uint64_t)random() % 64 : UINT64_MAX;
			natives[i].fn = fns[(size_t)random() % NR(fns)];
			natives[i].cfa = random() % 3 ? (uint64_t)random() % 64 : 0;
		}
		told(natives, (size_t)random() % 9, python, (size_t)random() % 9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_names),
		cmocka_unit_test(by_names_with_a_native_stack_that_is_cut),
		cmocka_unit_test(wrappers),
		cmocka_unit_test(two_loops_side_by_side),
		cmocka_unit_test(by_place),
		cmocka_unit_test(places_before_names),
		cmocka_unit_test(tail_calls),
		cmocka_unit_test(some_places),
		cmocka_unit_test(beyond_the_native_stack),
		cmocka_unit_test(no_python_frames),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
