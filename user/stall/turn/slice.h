/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slice.h - what the kernel side caught of a thread, made a slice: cause, target, stack, task, parties. */
#ifndef BLOCKPROF_STALL_TURN_SLICE_H
#define BLOCKPROF_STALL_TURN_SLICE_H

#include <stdbool.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;
struct loop;

/* What a slice is made of. */
struct evidence {
	const struct bp_capture *capture; /* a private copy */
	const struct bp_stack_copy *own; /* of the thread's stack; NULL: none */
	const struct bp_stack_copy *other; /* of its waker's; likewise */
	bool ended; /* the block is over */
};

/* ns, count and max_ns of slice are set already; the rest is filled in. */
void slice_of_block(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		    struct slice *slice);
/* A CPU tick that hit the thread. */
void slice_of_sample(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		     struct slice *slice);
/* Blocks that no slice was sent for: of the turn, or carried over from turns before. */
void slices_of_sums(struct engine *engine, const struct loop *loop, const struct bp_sum *sums,
		    bool carried, struct slices *slices);

/* The kernel side is to copy as much of the thread's stack as it can, until it is known how much is of use. */
void slice_want_deep_copies(struct engine *engine, struct loop *loop);
/* As much as is of use. */
void slice_want_copies(struct engine *engine, const struct loop *loop);

#endif
