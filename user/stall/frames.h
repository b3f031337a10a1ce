/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - raw stacks from the kernel side into one stack of named frames. */
#ifndef BLOCKPROF_FRAMES_H
#define BLOCKPROF_FRAMES_H

#include <stdbool.h>

#include "bpf/abi.h"
#include "model/model.h"

struct python;
struct symbols;

enum frames_parts {
	FRAMES_KERNEL = 1 << 0,
	FRAMES_USER = 1 << 1, /* native and interpreter frames */
};

/*
 * Kernel, native and Python frames merged, innermost first: the frames of an
 * interpreter's loop give way to the Python frames that it runs. python may be
 * NULL. NULL: no frames, or no memory.
 */
struct stack *frames_resolve(struct symbols *symbols, pid_t pid, struct python *python,
			     const struct bp_stack *raw, unsigned int parts);

/*
 * Whether the kernel frames are those of an interrupt, whose "current" thread
 * is only the one that was interrupted. True also when they are cut: not known.
 */
bool frames_in_interrupt(struct symbols *symbols, const struct bp_stack *raw);

/* Kernel frames of a blocked thread by /proc, for one that blocked before it was watched. NULL: none. */
struct stack *frames_of_blocked(struct symbols *symbols, pid_t pid, pid_t tid,
				struct python *python, const struct bp_stack *raw);

#endif
