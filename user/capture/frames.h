/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - raw stacks from the kernel side into one stack of named frames. */
#ifndef BLOCKPROF_CAPTURE_FRAMES_H
#define BLOCKPROF_CAPTURE_FRAMES_H

#include <stdbool.h>

#include "bpf/abi.h"
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
 * interpreter's loop give way to the Python frames that it runs. python may be
 * NULL. Native frames are those that copy unwinds to; where it is NULL, or does
 * not unwind, those of raw. use: what became of copy, may be NULL. NULL: no
 * frames, or no memory.
 */
struct stack *frames_resolve(struct namer *namer, pid_t pid, struct python *python,
			     const struct bp_stack *raw, const struct bp_stack_copy *copy,
			     unsigned int parts, struct copy_use *use);

/*
 * Whether the kernel frames are those of an interrupt, whose "current" thread
 * is only the one that was interrupted. True also when they are cut: not known.
 */
bool frames_in_interrupt(struct symbols *symbols, const struct bp_stack *raw);

/* The same with kernel frames by /proc, for a thread that blocked before it was watched. */
struct stack *frames_of_blocked(struct namer *namer, pid_t pid, pid_t tid, struct python *python,
				const struct bp_stack *raw, const struct bp_stack_copy *copy);

#endif
