/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames_fixture.h - raw kernel, native and Python frames put together by hand, and the stack they become. */
#ifndef BLOCKPROF_TESTS_UNIT_FRAMES_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_FRAMES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/frames.h"
#include "fake_namer.h"
#include "fake_python.h"
#include "fake_symbols.h"

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
	PIPE_CLOSED,
	SIGNAL,
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
	{ .addr = PIPE_CLOSED, .fn = "pipe_release" },
	{ .addr = SIGNAL, .fn = "signal_wake_up_state" },
	{ .addr = WAKE, .fn = "try_to_wake_up" },
	{ 0 },
};

static const struct fake_code codes[] = {
	{ ONE, { .fn = "one", .file = "/app/one.py", .line = 11 } },
	{ TWO, { .fn = "two", .file = "/app/two.py", .line = 22 } },
	{ THREE, { .fn = "three", .file = "/app/three.py", .line = 33 } },
	{ 0 },
};

static struct symbols symbols = { .table = table };
static struct namer namer = { .symbols = &symbols };
static struct python python = { .codes = codes };

static inline void kernel(struct bp_stack *raw, uint64_t addr)
{
	raw->kernel[raw->kernel_nr++] = addr;
}

static inline void user(struct bp_stack *raw, uint64_t addr)
{
	raw->user[raw->user_nr++] = addr;
}

static inline void code(struct bp_stack *raw, uint64_t addr)
{
	raw->python[raw->python_nr++].code = addr;
}

static inline struct stack *resolve(const struct bp_stack *raw)
{
	return frames_resolve(&namer, &(struct raw_stack){ 1, &python, raw, NULL },
			      FRAMES_KERNEL | FRAMES_USER, NULL);
}

/* Names joined by spaces: k: kernel, n: native, p: Python, s: JavaScript, j: other code made at run time. */
static inline void expect(struct stack *stack, const char *expected)
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

#endif
