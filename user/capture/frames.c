// SPDX-License-Identifier: GPL-2.0-or-later
/* frames.c - how frames of the kernel, of native code and of interpreters become one stack. */
#include "capture/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/process_file.h"
#include "base/strings.h"
#include "capture/interleave.h"
#include "capture/javascript.h"
#include "capture/jit_frame.h"
#include "capture/namer.h"
#include "capture/native_stack.h"
#include "model/frame_owner.h"
#include "runtime/python/python.h"
#include "symbol/symbol.h"

static const char unknown[] = "[unknown]";

#define STRINGS_MAX 4 /* of a frame */
#define INLINED_MAX 256 /* in a whole stack */
#define FRAMES_MAX  (BP_KERNEL_FRAMES + NATIVE_STACK_MAX + INLINED_MAX + BP_PYTHON_FRAMES)

/* Frames under way, with room for their strings: symbol lookups reuse theirs. */
struct builder {
	struct frame frames[FRAMES_MAX];
	size_t nr;
	/* Named first: a process that ends takes its names along. */
	struct frame python[BP_PYTHON_FRAMES];
	size_t nr_python;
	const char *interpreter; /* path of the file that its loop is in; NULL: not known */
	char *strings[(FRAMES_MAX + BP_PYTHON_FRAMES) * STRINGS_MAX];
	size_t nr_strings;
};

static const char *keep(struct builder *builder, const char *string)
{
	char *copy = string ? strdup(string) : NULL;

	if (copy)
		builder->strings[builder->nr_strings++] = copy;
	return copy;
}

static void add(struct builder *builder, enum frame_kind kind, const char *fn, const char *file,
		const char *module, unsigned int line)
{
	struct frame *frame;

	if (builder->nr == FRAMES_MAX)
		return;
	frame = &builder->frames[builder->nr++];
	frame->kind = kind;
	frame->fn = keep(builder, fn);
	if (!frame->fn)
		frame->fn = unknown;
	frame->file = keep(builder, file);
	frame->module = keep(builder, module);
	frame->line = line;
}

/* What was inlined there and the function around it. */
static void add_native(struct builder *builder, const struct symbol *symbol, bool by_frame_pointer)
{
	size_t before, first = builder->nr;

	for (size_t i = 0; i < symbol->nr_inlined; i++) {
		const struct symbol_line *line = &symbol->inlined[i];

		/* Wrappers of the interpreter's loop give way as it does. */
		if (interleave_is_loop(line->fn))
			continue;
		before = builder->nr;
		add(builder, FRAME_NATIVE, line->fn, line->file, symbol->module, line->line);
		if (builder->nr > before)
			builder->frames[before].inlined = true;
	}
	before = builder->nr;
	add(builder, FRAME_NATIVE, symbol->fn, symbol->file, symbol->module, symbol->line);
	if (builder->nr > before) {
		builder->frames[before].build_id = keep(builder, symbol->build_id);
		builder->frames[before].offset = symbol->file_offset;
	}
	for (size_t i = first; i < builder->nr; i++)
		builder->frames[i].by_frame_pointer = by_frame_pointer;
}

static struct stack *finish(struct builder *builder, bool cut)
{
	struct stack *stack = builder->nr ? stack_new(builder->frames, builder->nr, cut) : NULL;

	while (builder->nr_strings)
		free(builder->strings[--builder->nr_strings]);
	return stack;
}

/* The probe itself and the way off the CPU: the same in every stack. */
static bool is_scheduling(const char *fn)
{
	static const char *const prefixes[] = { "bpf_",		 "__bpf_",   "__traceiter_",
						"__schedule",	 "schedule", "preempt_schedule",
						"__cond_resched" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_with(fn, prefixes[i]))
			return true;
	return false;
}

/* The way into the kernel: likewise. */
static bool is_entry(const char *fn)
{
	return starts_with(fn, "entry_SYSCALL") || starts_with(fn, "do_syscall_64") ||
	       starts_with(fn, "x64_sys_call") || starts_with(fn, "el0_svc") ||
	       starts_with(fn, "el0t_64_sync") || starts_with(fn, "invoke_syscall") ||
	       starts_with(fn, "do_el0_svc") || starts_with(fn, "ret_from_fork") ||
	       starts_with(fn, "asm_exc_");
}

static void add_kernel(struct builder *builder, struct symbols *symbols, const struct bp_stack *raw)
{
	bool inner = true;

	for (size_t i = 0; i < raw->kernel_nr && i < BP_KERNEL_FRAMES; i++) {
		struct symbol symbol;

		symbols_kernel(symbols, raw->kernel[i], &symbol);
		if (inner && is_scheduling(symbol.fn))
			continue;
		inner = false;
		if (is_entry(symbol.fn))
			break;
		add(builder, FRAME_KERNEL, symbol.fn, NULL, symbol.module, 0);
	}
}

/* err: as python_frame_name() says it. */
static void add_python_name(void *context, int err, const struct python_name *name)
{
	struct builder *builder = context;
	struct frame *frame = &builder->python[builder->nr_python++];

	*frame = (struct frame){ .kind = FRAME_PYTHON, .fn = unknown };
	if (err > 0)
		frame->fn = NULL; /* hidden */
	if (err)
		return;
	frame->fn = keep(builder, name->fn);
	if (!frame->fn)
		frame->fn = unknown;
	frame->file = keep(builder, name->file);
	frame->line = name->line;
	frame->suspends = name->suspends;
}

static void name_python(struct builder *builder, struct namer *namer, struct python *python,
			const struct bp_stack *raw)
{
	size_t nr = raw->python_nr < BP_PYTHON_FRAMES ? raw->python_nr : BP_PYTHON_FRAMES;

	if (python)
		python_frame_names(python, raw->python, nr, add_python_name, builder);
	for (size_t i = 0; i < nr && !python; i++)
		add_python_name(builder, -ENOENT, NULL);
	/* its process has ended meanwhile, or its memory did not come in time */
	for (size_t i = 0; i < builder->nr_python; i++)
		if (builder->python[i].fn == unknown)
			namer_count_unread(namer, FRAME_PYTHON);
}

/* With which the Python stack of a program, or of a thread, begins. */
static bool begins_stack(const char *fn)
{
	return !strcmp(fn, "<module>") || !strcmp(fn, "_run_module_as_main") ||
	       !strcmp(fn, "_bootstrap") || !strcmp(fn, "Thread._bootstrap");
}

bool frames_of_greenlet(const struct frame *frames, size_t nr, const struct bp_stack *raw)
{
	const char *outermost = NULL;

	for (size_t i = 0; i < nr && raw->task; i++) {
		if (frames[i].kind != FRAME_PYTHON || !frames[i].fn)
			continue;
		outermost = frames[i].fn;
		/* its name did not come in time: it may be the loop's */
		if (!strcmp(outermost, unknown))
			return false;
		if (ends_with(outermost, "_run_once"))
			return false;
	}
	return outermost && !begins_stack(outermost);
}

/* Python frames from *next up to end, exclusive. */
static void add_python(struct builder *builder, size_t *next, size_t end)
{
	for (; *next < end; ++*next)
		if (builder->python[*next].fn && builder->nr < FRAMES_MAX)
			builder->frames[builder->nr++] = builder->python[*next];
}

/*
 * Code made at run time. CPython's trampolines stand between two runs of its loop, whose
 * frames, if they are known, say the same and more.
 */
static void add_jit(struct builder *builder, const struct symbol *symbol)
{
	struct jit_frame frame;

	jit_frame_split(symbol->fn, &frame);
	if (frame.kind == FRAME_PYTHON && builder->nr_python)
		return;
	add(builder, frame.kind, frame.fn, frame.file[0] ? frame.file : NULL, NULL, frame.line);
}

static void add_javascript(struct builder *builder, const struct javascript *javascript, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct v8_frame *frame = &javascript->frames[i];
		size_t before = builder->nr;

		add(builder, FRAME_JS, frame->fn, frame->file[0] ? frame->file : NULL, NULL,
		    frame->line);
		if (builder->nr > before)
			builder->frames[before].inlined = i + 1 < nr;
	}
}

/* Returns whether native frames are missing outside: they were cut, and right up to there. */
static bool add_native_stack(struct builder *builder, struct namer *namer,
			     const struct raw_stack *raw, const struct native_stack *native_stack)
{
	struct javascript javascript = { .fp = 0 };
	struct interleave places;
	size_t next = 0, end, i;

	interleave_start(&places, raw->stack->python, builder->nr_python);
	for (i = 0; i < native_stack->nr; i++) {
		const struct native_frame *native = &native_stack->v[i];
		bool by_frame_pointer = native->flags & NATIVE_BY_FRAME_POINTER;
		struct symbol symbol;
		int nr;

		symbols_user(namer_symbols(namer), raw->pid, native->addr,
			     native->flags & NATIVE_EXACT ? 0
			     : native_stack->walked	  ? 1
							  : SYMBOL_UNWOUND,
			     &symbol);
		/* without frame pointers the walk goes astray: what no call left behind is no frame */
		if (native_stack->walked && (!symbol.in_text || (i > 0 && !symbol.after_call)))
			break;
		if (interleave_step(&places, symbol.fn, native->cfa, &end)) {
			add_python(builder, &next, end);
			if (!builder->interpreter)
				builder->interpreter = keep(builder, symbol.module);
			continue;
		}
		nr = javascript_frames(&javascript, namer, raw, native, &symbol);
		if (nr >= 0)
			add_javascript(builder, &javascript, (size_t)nr);
		else if (symbol.jit)
			add_jit(builder, &symbol);
		else
			add_native(builder, &symbol, by_frame_pointer);
	}
	javascript_end(&javascript, namer);
	add_python(builder, &next, builder->nr_python);
	return native_stack->cut && i == native_stack->nr;
}

/*
 * What waits for the GIL, in the interpreter and the C library, from the
 * innermost user frame on: a line of Python comes there by several ways, which
 * are all one to its reader.
 */
static void drop_gil_wait(struct builder *builder, size_t first)
{
	size_t end = first;

	while (builder->interpreter && end < builder->nr) {
		const struct frame *frame = &builder->frames[end];

		if (frame->kind != FRAME_NATIVE || !frame->module ||
		    (strcmp(frame->module, builder->interpreter) && !module_is_libc(frame->module)))
			break;
		end++;
	}
	memmove(&builder->frames[first], &builder->frames[end],
		(builder->nr - end) * sizeof(builder->frames[0]));
	builder->nr -= end - first;
}

static bool add_user(struct builder *builder, struct namer *namer, const struct raw_stack *raw,
		     unsigned int parts, struct copy_use *use)
{
	__freeing struct native_stack *native_stack = malloc(sizeof(*native_stack));
	size_t first = builder->nr;
	bool cut;

	if (!native_stack)
		return true;
	native_stack_find(native_stack, namer_symbols(namer), raw, use);
	cut = add_native_stack(builder, namer, raw, native_stack);
	if (parts & FRAMES_GIL)
		drop_gil_wait(builder, first);
	return cut;
}

struct stack *frames_resolve(struct namer *namer, const struct raw_stack *raw, unsigned int parts,
			     struct copy_use *use)
{
	unsigned int cut = raw->stack->flags & (BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT);
	__freeing struct builder *builder = calloc(1, sizeof(*builder));
	struct copy_use unused = { 0 };

	if (!builder)
		return NULL;
	if (parts & FRAMES_USER) {
		name_python(builder, namer, raw->python, raw->stack);
		cut |= frames_of_greenlet(builder->python, builder->nr_python, raw->stack);
	}
	if (parts & FRAMES_KERNEL) {
		add_kernel(builder, namer_symbols(namer), raw->stack);
		cut |= raw->stack->flags & BP_STACK_KERNEL_CUT;
	}
	if (parts & FRAMES_USER)
		cut |= add_user(builder, namer, raw, parts, use ? use : &unused);
	return finish(builder, cut);
}

/* marks: how their names begin. */
static bool has_kernel_frame(struct symbols *symbols, const struct bp_stack *raw,
			     const char *const *marks, size_t nr)
{
	for (size_t i = 0; i < raw->kernel_nr && i < BP_KERNEL_FRAMES; i++) {
		struct symbol symbol;

		symbols_kernel(symbols, raw->kernel[i], &symbol);
		for (size_t m = 0; m < nr; m++)
			if (starts_with(symbol.fn, marks[m]))
				return true;
	}
	return false;
}

bool frames_in_interrupt(struct symbols *symbols, const struct bp_stack *raw)
{
	static const char *const marks[] = {
		"asm_sysvec_",	    "sysvec_",	   "asm_common_interrupt",
		"common_interrupt", "irq_exit",	   "__irq_exit",
		"el1h_64_irq",	    "el0t_64_irq", "asm_exc_nmi"
	};

	return has_kernel_frame(symbols, raw, marks, sizeof(marks) / sizeof(marks[0])) ||
	       raw->flags & BP_STACK_KERNEL_CUT;
}

enum wakeup frames_wakeup(struct symbols *symbols, const struct bp_stack *raw)
{
	static const char *const signal[] = { "signal_wake_up", "complete_signal", "send_signal",
					      "__send_signal" };
	static const char *const closed[] = { "pipe_release", "unix_release" };

	if (has_kernel_frame(symbols, raw, signal, sizeof(signal) / sizeof(signal[0])))
		return WAKEUP_SIGNAL;
	return has_kernel_frame(symbols, raw, closed, sizeof(closed) / sizeof(closed[0]))
		       ? WAKEUP_CLOSED
		       : WAKEUP_OTHER;
}

/* Lines of /proc/PID/task/TID/stack: "[<0>] hrtimer_nanosleep+0xe5/0x1f0". */
static void add_proc_stack(struct builder *builder, const struct memory *target, pid_t tid)
{
	char stack[64], line[256];
	FILE *file;

	/* it is for CAP_SYS_ADMIN alone, which no child has */
	if (!files_lock_is_free(target))
		return;
	snprintf(stack, sizeof(stack), "task/%d/stack", tid);
	if (process_file_stream(target->pid, stack, &file))
		return;
	for (int i = 0; i < BP_KERNEL_FRAMES && fgets(line, sizeof(line), file); i++) {
		char *name = strstr(line, "] "), *end;

		if (!name)
			continue;
		name += 2;
		end = name + strcspn(name, "+ \n");
		*end = 0;
		if (is_entry(name))
			break;
		if (*name && !is_scheduling(name))
			add(builder, FRAME_KERNEL, name, NULL, NULL, 0);
	}
	fclose(file);
}

struct stack *frames_of_blocked(struct namer *namer, pid_t tid, const struct raw_stack *raw)
{
	__freeing struct builder *builder = calloc(1, sizeof(*builder));
	const struct memory target = namer_memory(namer, raw->pid);
	unsigned int cut = raw->stack->flags & BP_STACK_PYTHON_CUT;
	struct copy_use unused = { 0 };

	if (!builder)
		return NULL;
	name_python(builder, namer, raw->python, raw->stack);
	add_proc_stack(builder, &target, tid);
	cut |= add_user(builder, namer, raw, FRAMES_USER, &unused);
	return finish(builder, cut);
}
