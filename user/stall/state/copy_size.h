/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_size.h - how much is copied of the stacks of threads that have no slot. */
#ifndef BLOCKPROF_STALL_STATE_COPY_SIZE_H
#define BLOCKPROF_STALL_STATE_COPY_SIZE_H

#include "bpf/abi.h"
#include "capture/stack_copies.h"

struct engine;

/* What unwinding took of the copy of such a stack; copy may be NULL. */
void copy_size_of_other(struct engine *engine, const struct bp_stack_copy *copy,
			const struct copy_use *use);

#endif
