/* SPDX-License-Identifier: GPL-2.0-or-later */
/* joined.h - the stack of a greenlet and that of the Task which it runs in, as one. */
#ifndef BLOCKPROF_STALL_TURN_JOINED_H
#define BLOCKPROF_STALL_TURN_JOINED_H

#include <stdbool.h>

#include "bpf/abi.h"

struct engine;
struct loop;
struct python;

/*
 * A copy of the capture's stack with the frames of its Task behind those of the greenlet;
 * the caller frees. NULL: it is none of a greenlet, or the Task's are not known.
 * computes: it was taken while the thread ran.
 */
struct bp_stack *joined_stack(struct engine *engine, struct loop *loop, struct python *python,
			      const struct bp_capture *capture, bool computes);

#endif
