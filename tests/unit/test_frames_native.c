// SPDX-License-Identifier: GPL-2.0-or-later
/* Native frames: inlined functions, code made at run time, walks gone astray, unwound copies. */
#include "frames_fixture.h"

/* Functions that the compiler took apart; what only leads into the interpreter's loop is left out. */
static void test_inlined(void **state)
{
	struct bp_stack raw = { 0 };
	struct stack *stack;

	(void)state;
	user(&raw, DEEP);
	user(&raw, EVAL);
	user(&raw, VECTOR);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	stack = resolve(&raw);
	assert_non_null(stack);
	assert_true(stack->frames[0].inlined);
	assert_string_equal(stack->frames[0].file, "/usr/include/c++/sort.h");
	assert_int_equal(stack->frames[0].line, 12);
	assert_string_equal(stack->frames[0].module, "/app/x");
	assert_true(stack->frames[1].inlined);
	assert_null(stack->frames[1].file);
	assert_false(stack->frames[2].inlined);
	/* which has the place of the function that it is in */
	assert_int_equal(stack->frames[0].offset, 0);
	assert_null(stack->frames[0].build_id);
	assert_true(stack->frames[2].offset > 0);
	assert_string_equal(stack->frames[2].file, "/src/x.cc");
	assert_int_equal(stack->frames[2].line, 7);
	expect(stack, "n:std::sort n:order n:deep p:one n:_PyEval_Vector");
}

static void test_walk_gone_astray(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	user(&raw, NO_CALL); /* where it is: no return address */
	user(&raw, LEAF);
	user(&raw, NO_TEXT);
	user(&raw, MAIN);
	expect(resolve(&raw), "n:stale n:leaf");
	raw.user[0] = NO_TEXT;
	assert_null(resolve(&raw));
	raw.user[0] = 0xdead;
	assert_null(resolve(&raw));
}

static void test_made_at_run_time(void **state)
{
	struct bp_stack raw = { 0 };
	struct stack *stack;

	(void)state;
	user(&raw, LEAF);
	user(&raw, JS);
	user(&raw, STUB);
	user(&raw, TRAMPOLINE);
	user(&raw, MAIN);
	stack = resolve(&raw);
	assert_non_null(stack);
	assert_string_equal(stack->frames[1].file, "/srv/shop.js");
	assert_int_equal(stack->frames[1].line, 3);
	assert_null(stack->frames[1].module);
	assert_null(stack->frames[2].file);
	assert_string_equal(stack->frames[3].file, "/app/one.py");
	expect(stack, "n:leaf s:sell j:Interpreter p:one n:main");
}

/* Each run of the interpreter's loop is called by a trampoline, whose frame says less. */
static void test_python_trampolines(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	user(&raw, LEAF);
	user(&raw, EVAL);
	user(&raw, TRAMPOLINE);
	user(&raw, MID);
	user(&raw, EVAL);
	user(&raw, TRAMPOLINE);
	user(&raw, MAIN);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	code(&raw, TWO | BP_PYTHON_ENTRY);
	expect(resolve(&raw), "n:leaf p:one n:slot_tp_call p:two n:main");
}

/* What a copy unwinds to stands for what frame pointers found. */
static void test_unwound(void **state)
{
	static const struct native_frame frames[] = {
		{ .addr = LEAF, .cfa = 0x1000, .flags = NATIVE_EXACT },
		{ .addr = EVAL, .cfa = 0x1100 },
		{ .addr = NO_CALL, .cfa = 0x1200 }, /* by its CFI: believed */
		{ .addr = EVAL, .cfa = 0x1500, .flags = NATIVE_BY_FRAME_POINTER },
		{ .addr = MAIN, .flags = NATIVE_BY_FRAME_POINTER },
		/* HotSpot's interpreter pushes such: who unwound has checked it */
		{ .addr = NO_CALL, .flags = NATIVE_BY_FRAME_POINTER },
		{ .addr = MID },
	};
	struct symbols unwinding = { .table = table,
				     .unwound = frames,
				     .nr_unwound = sizeof(frames) / sizeof(frames[0]) };
	struct namer unwinding_namer = { .symbols = &unwinding };
	struct bp_stack_copy *copy = calloc(1, sizeof(*copy));
	struct bp_stack raw = { 0 };
	struct copy_use use = { 0 };
	struct stack *stack;

	(void)state;
	assert_non_null(copy);
	copy->bytes = 4096;
	copy->regs.reg[BP_REGISTER_SP] = 0xf00;
	user(&raw, NO_CALL);
	user(&raw, MAIN);
	code(&raw, ONE | BP_PYTHON_ENTRY);
	code(&raw, TWO);
	code(&raw, THREE | BP_PYTHON_ENTRY);
	stack = frames_resolve(&namer, &(struct raw_stack){ 1, &python, &raw, copy }, FRAMES_USER,
			       NULL);
	assert_true(stack->frames[1].by_frame_pointer);
	assert_false(stack->frames[0].by_frame_pointer);
	expect(stack, "n:stale n:main p:one p:two p:three"); /* it does not unwind here */
	stack = frames_resolve(&unwinding_namer, &(struct raw_stack){ 1, &python, &raw, copy },
			       FRAMES_USER, &use);
	assert_false(stack->frames[2].by_frame_pointer);
	assert_true(stack->frames[5].by_frame_pointer);
	assert_false(stack->cut);
	expect(stack, "n:leaf p:one n:stale p:two p:three n:main n:stale n:slot_tp_call");
	assert_true(use.unwound);
	assert_false(use.cut);
	assert_int_equal(use.bytes, 0x600);
	/* its outer frames are beyond the copy, for which it has no less than it has */
	copy->bytes = 0x400;
	unwinding.nr_unwound = 3;
	unwinding.unwind_flags = UNWIND_CUT;
	stack = frames_resolve(&unwinding_namer, &(struct raw_stack){ 1, &python, &raw, copy },
			       FRAMES_USER, &use);
	assert_true(stack->cut);
	expect(stack, "n:leaf p:one n:stale p:two p:three");
	assert_true(use.cut);
	assert_int_equal(use.bytes, 0x300);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inlined),		 cmocka_unit_test(test_walk_gone_astray),
		cmocka_unit_test(test_made_at_run_time), cmocka_unit_test(test_python_trampolines),
		cmocka_unit_test(test_unwound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
