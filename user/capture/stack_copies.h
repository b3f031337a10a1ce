/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_copies.h - copies of stacks that came before the records they are of, and how
 * much of a stack is worth to be copied.
 */
#ifndef BLOCKPROF_CAPTURE_STACK_COPIES_H
#define BLOCKPROF_CAPTURE_STACK_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

struct stack_copies;

int stack_copies_new(struct stack_copies **out); /* 0 or -ENOMEM */
void stack_copies_free(struct stack_copies *copies);

/*
 * Keeps a COPY record. What is malformed is left out; of too many the oldest
 * goes: the record it was of was lost.
 */
void stack_copies_add(struct stack_copies *copies, const struct bp_header *record, size_t bytes);
/*
 * The copy for a record of this slot, thread and time, the longest if there are
 * several; other: that of the thread that ended the block. There is memory up to
 * the last byte of stack that is filled. NULL: there is none. What is taken is the
 * caller's to free; what is found stays, up to the next call that adds or takes.
 */
struct bp_stack_copy *stack_copies_take(struct stack_copies *copies, unsigned int slot,
					unsigned int tid, uint64_t since_ns, bool other);
const struct bp_stack_copy *stack_copies_find(const struct stack_copies *copies, unsigned int slot,
					      unsigned int tid, uint64_t since_ns);

/* What unwinding took of a copy. */
struct copy_use {
	bool unwound; /* else the rest means nothing */
	bool cut; /* it ended before the outermost frame did */
	uint32_t bytes; /* from its start to the outermost frame */
};

/* How many bytes of a thread's stack are wanted. All 0: BP_STACK_COPY_FIRST_BYTES. */
struct copy_size {
	uint32_t bytes;
	bool holes; /* pages of it were never touched: what is behind them, too */
	uint32_t most; /* that one of the last so many copies took */
	uint32_t nr;
};

/*
 * As much as unwinding took, twice as much where that did not do, half where far
 * less does for long. Returns whether it changed.
 */
bool copy_size_adapt(struct copy_size *size, const struct bp_stack_copy *copy,
		     const struct copy_use *use);

#endif
