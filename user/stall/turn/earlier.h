/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * earlier.h - the block that a thread was in when it got its slot: the kernel side
 * has no stack of it, so that is read while the thread is still in there.
 */
#ifndef BLOCKPROF_STALL_TURN_EARLIER_H
#define BLOCKPROF_STALL_TURN_EARLIER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

struct bp_stack_copy;
struct engine;
struct loop;

/* task: address of the asyncio task that runs on it; 0: none, or not known. */
void earlier_note(struct engine *engine, struct loop *loop, uint64_t task);
/* Stack and task of the block that began at since_ns, for its slice. false: it is another one. */
bool earlier_fill(const struct loop *loop, uint64_t since_ns, struct slice *slice);
/* The name that it looked up, where the slice is of a lookup and has none. */
void earlier_fill_name(const struct loop *loop, struct slice *slice);

/* Registers and stack of a blocked thread; the caller's. NULL: not to be had. */
struct bp_stack_copy *earlier_copy(struct engine *engine, const struct loop *loop);

#endif
