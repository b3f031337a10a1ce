/* SPDX-License-Identifier: GPL-2.0-or-later */
/* current.h - the block that a loop's thread is in now, while it lasts. */
#ifndef BLOCKPROF_STALL_TURN_CURRENT_H
#define BLOCKPROF_STALL_TURN_CURRENT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

struct engine;
struct evidence;
struct live;
struct loop;

/* The slice of the block, which lasts until now_ns, into slices; nothing where there is none. */
void current_add(struct engine *engine, struct loop *loop, const struct live *live, uint64_t now_ns,
		 struct slices *slices);
/*
 * Once a long block, while it lasts: its names are looked up, so that they are
 * known by the time it ends, which may be the end of its process.
 */
void current_look_up(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* What is known of the block that began at since_ns, and lasts; NULL: it does not. */
const struct slice *current_slice(struct engine *engine, struct loop *loop, uint64_t since_ns);
/*
 * Its stack and task, for the slice of the same block. false: it is another one, or there is
 * more to be found now.
 */
bool current_fill(const struct loop *loop, const struct evidence *evidence, struct slice *slice);
/* The watch ends: the block that a thread is in, which is no loop, counts as blocked time. */
void current_finish(struct engine *engine, struct loop *loop, uint64_t now_ns);

#endif
