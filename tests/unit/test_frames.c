// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel, native and Python frames merged into one stack. */
#include "frames_fixture.h"

static void test_merged(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	kernel(&raw, NANOSLEEP);
	user(&raw, LEAF);
	user(&raw, EVAL);
	user(&raw, MID);
	user(&raw, OLD_EVAL);
	user(&raw, MAIN);
	code(&raw, ONE);
	code(&raw, TWO | BP_PYTHON_ENTRY);
	code(&raw, THREE | BP_PYTHON_ENTRY);
	expect(resolve(&raw), "k:do_nanosleep n:leaf p:one p:two n:slot_tp_call p:three n:main");
}

static void test_fields(void **state)
{
	struct bp_stack raw = { 0 };
	struct stack *stack;

	(void)state;
	user(&raw, LEAF);
	code(&raw, TWO);
	stack = resolve(&raw);
	assert_non_null(stack);
	assert_int_equal(stack->nr, 2);
	assert_string_equal(stack->frames[0].module, "/lib/libc.so.6");
	assert_null(stack->frames[0].file);
	assert_int_equal(stack->frames[0].line, 0);
	assert_string_equal(stack->frames[1].file, "/app/two.py");
	assert_int_equal(stack->frames[1].line, 22);
	assert_null(stack->frames[1].module);
	assert_false(stack->cut);
	stack_put(stack);
}

/* Without frame pointers the native walk ends early: Python's frames are there all the same. */
static void test_python_beyond_the_native_walk(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	user(&raw, LEAF);
	user(&raw, NO_CALL);
	user(&raw, EVAL);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	code(&raw, TWO | BP_PYTHON_ENTRY);
	code(&raw, THREE);
	expect(resolve(&raw), "n:leaf p:one p:two p:three");
}

/* More loops on the native stack than Python frames: nothing is put in twice. */
static void test_more_loops_than_python_frames(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	user(&raw, EVAL);
	user(&raw, MID);
	user(&raw, EVAL);
	user(&raw, MAIN);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	expect(resolve(&raw), "p:one n:slot_tp_call n:main");
	/* no Python frames were had: the loops stay */
	raw.python_nr = 0;
	expect(resolve(&raw),
	       "n:_PyEval_EvalFrameDefault n:slot_tp_call n:_PyEval_EvalFrameDefault n:main");
}

static void test_python_names_lacking(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	code(&raw, ONE);
	code(&raw, GONE);
	namer.unread[FRAME_PYTHON] = 0;
	expect(resolve(&raw), "p:one p:[unknown]");
	assert_int_equal(namer.unread[FRAME_PYTHON], 1);
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, NULL, &raw, NULL }, FRAMES_USER,
			      NULL),
	       "p:[unknown] p:[unknown]");
	assert_int_equal(namer.unread[FRAME_PYTHON], 3);
}

static void test_parts(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	assert_null(resolve(&raw));
	kernel(&raw, NANOSLEEP);
	user(&raw, LEAF);
	code(&raw, ONE);
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL }, FRAMES_KERNEL,
			      NULL),
	       "k:do_nanosleep");
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL }, FRAMES_USER,
			      NULL),
	       "n:leaf p:one");
	assert_null(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL }, 0, NULL));
}

static bool is_cut(const struct bp_stack *raw, unsigned int parts)
{
	struct stack *stack =
		frames_resolve(&namer, &(struct raw_stack){ 1, &python, raw, NULL }, parts, NULL);
	bool cut = stack->cut;

	stack_put(stack);
	return cut;
}

static void test_cut(void **state)
{
	static const unsigned int all = FRAMES_KERNEL | FRAMES_USER;
	struct bp_stack raw = { 0 };

	(void)state;
	kernel(&raw, NANOSLEEP);
	user(&raw, LEAF);
	user(&raw, MAIN);
	assert_false(is_cut(&raw, all));
	raw.flags = BP_STACK_KERNEL_CUT;
	assert_true(is_cut(&raw, all));
	assert_false(is_cut(&raw, FRAMES_USER));
	raw.flags = BP_STACK_PYTHON_CUT;
	assert_true(is_cut(&raw, all));
	raw.flags = BP_STACK_PYTHON_FAULT;
	assert_true(is_cut(&raw, all));
	raw.flags = BP_STACK_SKIPPED;
	assert_false(is_cut(&raw, all));
	raw.flags = BP_STACK_USER_CUT;
	assert_true(is_cut(&raw, all));
	raw.user[1] = NO_CALL; /* it had gone astray before it was cut */
	assert_false(is_cut(&raw, all));
}

/* Counts beyond the arrays: what the arrays hold, and no more. */
static void test_hostile_counts(void **state)
{
	struct bp_stack *raw = calloc(1, sizeof(*raw));
	struct stack *stack;

	(void)state;
	assert_non_null(raw);
	for (size_t i = 0; i < BP_KERNEL_FRAMES; i++)
		raw->kernel[i] = WAKE;
	for (size_t i = 0; i < BP_USER_FRAMES; i++)
		raw->user[i] = LEAF;
	for (size_t i = 0; i < BP_PYTHON_FRAMES; i++)
		raw->python[i].code = ONE;
	raw->kernel_nr = raw->user_nr = raw->python_nr = UINT16_MAX;
	stack = resolve(raw);
	assert_non_null(stack);
	assert_int_equal(stack->nr, BP_KERNEL_FRAMES + BP_USER_FRAMES + BP_PYTHON_FRAMES);
	stack_put(stack);
	for (size_t i = 0; i < BP_USER_FRAMES; i++)
		raw->user[i] = EVAL;
	stack = resolve(raw);
	assert_int_equal(stack->nr, BP_KERNEL_FRAMES + BP_PYTHON_FRAMES);
	stack_put(stack);
	assert_false(frames_in_interrupt(&symbols, raw));
	free(raw);
}

/* By which way through the interpreter a line came to wait for the GIL is left out, not from where. */
static void test_gil_wait(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	kernel(&raw, NANOSLEEP);
	user(&raw, LEAF);
	user(&raw, MID);
	user(&raw, EVAL);
	user(&raw, MAIN);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL },
			      FRAMES_KERNEL | FRAMES_USER | FRAMES_GIL, NULL),
	       "k:do_nanosleep p:one n:main");
	raw.user[1] = DEEP; /* an extension's */
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL },
			      FRAMES_USER | FRAMES_GIL, NULL),
	       "n:std::sort n:order n:deep p:one n:main");
	raw.user_nr = 1;
	expect(frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, NULL },
			      FRAMES_USER | FRAMES_GIL, NULL),
	       "n:leaf p:one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_python_beyond_the_native_walk),
		cmocka_unit_test(test_more_loops_than_python_frames),
		cmocka_unit_test(test_python_names_lacking),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_hostile_counts),
		cmocka_unit_test(test_gil_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
