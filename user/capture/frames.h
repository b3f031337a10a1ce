/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - raw stacks from the kernel side into one stack of named frames. */
#ifndef BLOCKPROF_CAPTURE_FRAMES_H
#define BLOCKPROF_CAPTURE_FRAMES_H

#include <stdbool.h>

#include "bpf/abi.h"
#include "capture/raw_stack.h"
#include "capture/stack_copies.h"
#include "model/model.h"

struct namer;
struct python;
struct symbols;

enum frames_parts {
	FRAMES_KERNEL = 1 << 0,
	FRAMES_USER = 1 << 1, /* native and interpreter frames */
	FRAMES_GIL =
		1 << 2, /* it waits for Python's GIL: not by which way through the interpreter */
};

/*
 * Kernel, native and Python frames merged, innermost first: the frames of an
 * interpreter's loop give way to the Python frames that it runs. Native frames are
 * those that the copy unwinds to; where there is none, or it does not unwind, those
 * of the stack. use: what became of the copy, may be NULL. NULL: no frames, or no
 * memory.
 */
struct stack *frames_resolve(struct namer *namer, const struct raw_stack *raw, unsigned int parts,
			     struct copy_use *use);

/*
 * Are they a greenlet's, which runs in a Task? What called it is on a stack that stands
 * still meanwhile: these are then marked as cut, and nothing of them is lost.
 */
bool frames_of_greenlet(const struct frame *frames, size_t nr, const struct bp_stack *raw);

/*
 * Whether the kernel frames are those of an interrupt, whose "current" thread
 * is only the one that was interrupted. True also when they are cut: not known.
 */
bool frames_in_interrupt(struct symbols *symbols, const struct bp_stack *raw);

/* By what a thread ended another's wait. */
enum wakeup {
	WAKEUP_OTHER,
	WAKEUP_SIGNAL,
	WAKEUP_CLOSED, /* it closed its end of a pipe or socket pair, which nobody else had */
};

enum wakeup frames_wakeup(struct symbols *symbols, const struct bp_stack *raw);

/* The same with kernel frames by /proc, for a thread that blocked before it was watched. */
struct stack *frames_of_blocked(struct namer *namer, pid_t tid, const struct raw_stack *raw);

#endif
