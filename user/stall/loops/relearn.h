/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relearn.h - loops without frames that tell, whose wait has become another one. */
#ifndef BLOCKPROF_STALL_LOOPS_RELEARN_H
#define BLOCKPROF_STALL_LOOPS_RELEARN_H

#include <stdbool.h>

#include "bpf/abi.h"
#include "stall/loop.h"
#include "stall/loops/watched.h"

/* What the kernel side takes for the loop's wait from now on. */
void relearn_as(struct bp_slot *slot, const struct bp_block *block);

/*
 * A loop's thread slept in a call like a wait, but not its own: whether it is the
 * loop's all the same, which is known by it from now on.
 */
bool relearn(struct loop *loop, struct watched *watched, struct bp_slot *slot,
	     const struct bp_capture *capture);

#endif
