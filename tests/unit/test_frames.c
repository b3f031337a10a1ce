/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw kernel, native and Python frames merged into one stack. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_python.h"
#include "fake_namer.h"
#include "fake_symbols.h"
#include "capture/frames.h"

enum {
	LEAF = 0x1000,
	EVAL = 0x1010,
	MID = 0x1020,
	MAIN = 0x1030,
	NO_TEXT = 0x1040,
	NO_CALL = 0x1050,
	DEEP = 0x1070,
	VECTOR = 0x1080,
	OLD_EVAL = 0x1060,
	JS = 0x1090,
	STUB = 0x10a0,
	TRAMPOLINE = 0x10b0,
	/* kernel */
	TRACE = 0x2000,
	BPF,
	SCHEDULE,
	TIMEOUT,
	NANOSLEEP,
	SYSCALL,
	ENTRY,
	INTERRUPT,
	WAKE,
	/* code objects */
	ONE = 0x3000,
	TWO = 0x3010,
	THREE = 0x3020,
	GONE = 0x3030,
};

static const struct fake_symbol table[] = {
	{ .addr = LEAF, .fn = "leaf", .module = "/lib/libc.so.6" },
	{ .addr = EVAL, .fn = "_PyEval_EvalFrameDefault", .module = "/usr/bin/python3" },
	{ .addr = OLD_EVAL, .fn = "PyEval_EvalFrameEx", .module = "/usr/bin/python3" },
	{ .addr = MID, .fn = "slot_tp_call", .module = "/usr/bin/python3" },
	{ .addr = MAIN, .fn = "main", .module = "/usr/bin/python3" },
	{ .addr = NO_TEXT, .fn = "data", .module = "/usr/bin/python3", .no_text = true },
	{ .addr = NO_CALL, .fn = "stale", .module = "/usr/bin/python3", .no_call = true },
	{ .addr = DEEP,
	  .fn = "deep",
	  .module = "/app/x",
	  .file = "/src/x.cc",
	  .line = 7,
	  .inlined = { { "std::sort", "/usr/include/c++/sort.h", 12 }, { "order", NULL, 0 } } },
	{ .addr = VECTOR,
	  .fn = "_PyEval_Vector",
	  .inlined = { { "_PyEval_EvalFrame", "pycore_ceval.h", 73 } } },
	{ .addr = JS, .fn = "JS:*sell /srv/shop.js:3:18", .module = "[anon]", .jit = true },
	{ .addr = STUB, .fn = "Interpreter", .module = "[anon]", .jit = true },
	{ .addr = TRAMPOLINE, .fn = "py::one:/app/one.py", .module = "[anon]", .jit = true },
	{ .addr = TRACE, .fn = "__traceiter_sched_switch" },
	{ .addr = BPF, .fn = "bpf_trace_run4" },
	{ .addr = SCHEDULE, .fn = "__schedule" },
	{ .addr = TIMEOUT, .fn = "schedule_hrtimeout_range" },
	{ .addr = NANOSLEEP, .fn = "do_nanosleep" },
	{ .addr = SYSCALL, .fn = "do_syscall_64" },
	{ .addr = ENTRY, .fn = "entry_SYSCALL_64_after_hwframe" },
	{ .addr = INTERRUPT, .fn = "asm_sysvec_apic_timer_interrupt" },
	{ .addr = WAKE, .fn = "try_to_wake_up" },
	{ 0 },
};

static const struct fake_code codes[] = {
	{ ONE, { "one", "/app/one.py", 11 } },
	{ TWO, { "two", "/app/two.py", 22 } },
	{ THREE, { "three", "/app/three.py", 33 } },
	{ 0 },
};

static struct symbols symbols = { .table = table };
static struct namer namer = { .symbols = &symbols };
static struct python python = { .codes = codes };

static void kernel(struct bp_stack *raw, uint64_t addr)
{
	raw->kernel[raw->kernel_nr++] = addr;
}

static void user(struct bp_stack *raw, uint64_t addr)
{
	raw->user[raw->user_nr++] = addr;
}

static void code(struct bp_stack *raw, uint64_t addr)
{
	raw->python[raw->python_nr++].code = addr;
}

static struct stack *resolve(const struct bp_stack *raw)
{
	return frames_resolve(&namer, 1, &python, raw, NULL, FRAMES_KERNEL | FRAMES_USER, NULL);
}

/* Names joined by spaces: k: kernel, n: native, p: Python, s: JavaScript, j: other code made at run time. */
static void expect(struct stack *stack, const char *expected)
{
	char text[16384] = "", *end = text;

	assert_non_null(stack);
	for (unsigned int i = 0; i < stack->nr; i++) {
		static const char kinds[] = {
			[FRAME_KERNEL] = 'k', [FRAME_NATIVE] = 'n', [FRAME_PYTHON] = 'p',
			[FRAME_JS] = 's',     [FRAME_JIT] = 'j',
		};
		const struct frame *frame = &stack->frames[i];

		end += snprintf(end, text + sizeof(text) - end, "%s%c:%s", i ? " " : "",
				kinds[frame->kind], frame->fn);
	}
	assert_string_equal(text, expected);
	stack_put(stack);
}

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
	assert_string_equal(stack->frames[2].file, "/src/x.cc");
	assert_int_equal(stack->frames[2].line, 7);
	expect(stack, "n:std::sort n:order n:deep p:one n:_PyEval_Vector");
}

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

static void test_python_names_lacking(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	code(&raw, ONE);
	code(&raw, GONE);
	expect(resolve(&raw), "p:one p:[unknown]");
	expect(frames_resolve(&namer, 1, NULL, &raw, NULL, FRAMES_USER, NULL),
	       "p:[unknown] p:[unknown]");
}

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

static void test_parts(void **state)
{
	struct bp_stack raw = { 0 };

	(void)state;
	assert_null(resolve(&raw));
	kernel(&raw, NANOSLEEP);
	user(&raw, LEAF);
	code(&raw, ONE);
	expect(frames_resolve(&namer, 1, &python, &raw, NULL, FRAMES_KERNEL, NULL),
	       "k:do_nanosleep");
	expect(frames_resolve(&namer, 1, &python, &raw, NULL, FRAMES_USER, NULL), "n:leaf p:one");
	assert_null(frames_resolve(&namer, 1, &python, &raw, NULL, 0, NULL));
}

static bool is_cut(const struct bp_stack *raw, unsigned int parts)
{
	struct stack *stack = frames_resolve(&namer, 1, &python, raw, NULL, parts, NULL);
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
		stack = frames_of_blocked(&namer, child, child, &python, &raw, NULL);
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
	expect(frames_of_blocked(&namer, child, child, &python, &raw, NULL), "p:one");
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
	struct bp_copy *copy = calloc(1, sizeof(*copy));
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
	stack = frames_resolve(&namer, 1, &python, &raw, copy, FRAMES_USER, NULL);
	assert_true(stack->frames[1].by_frame_pointer);
	assert_false(stack->frames[0].by_frame_pointer);
	expect(stack, "n:stale n:main p:one p:two p:three"); /* it does not unwind here */
	stack = frames_resolve(&unwinding_namer, 1, &python, &raw, copy, FRAMES_USER, &use);
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
	stack = frames_resolve(&unwinding_namer, 1, &python, &raw, copy, FRAMES_USER, &use);
	assert_true(stack->cut);
	expect(stack, "n:leaf p:one n:stale p:two p:three");
	assert_true(use.cut);
	assert_int_equal(use.bytes, 0x300);
	free(copy);
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
	expect(frames_resolve(&namer, 1, &python, &raw, NULL,
			      FRAMES_KERNEL | FRAMES_USER | FRAMES_GIL, NULL),
	       "k:do_nanosleep p:one n:main");
	raw.user[1] = DEEP; /* an extension's */
	expect(frames_resolve(&namer, 1, &python, &raw, NULL, FRAMES_USER | FRAMES_GIL, NULL),
	       "n:std::sort n:order n:deep p:one n:main");
	raw.user_nr = 1;
	expect(frames_resolve(&namer, 1, &python, &raw, NULL, FRAMES_USER | FRAMES_GIL, NULL),
	       "n:leaf p:one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inlined),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_python_beyond_the_native_walk),
		cmocka_unit_test(test_more_loops_than_python_frames),
		cmocka_unit_test(test_walk_gone_astray),
		cmocka_unit_test(test_python_names_lacking),
		cmocka_unit_test(test_kernel_trimmed),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_hostile_counts),
		cmocka_unit_test(test_in_interrupt),
		cmocka_unit_test(test_blocked_before),
		cmocka_unit_test(test_made_at_run_time),
		cmocka_unit_test(test_python_trampolines),
		cmocka_unit_test(test_unwound),
		cmocka_unit_test(test_gil_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
