/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interpreted.h - what the loops written in Python have in common. */
#ifndef BLOCKPROF_RUNTIME_INTERPRETED_H
#define BLOCKPROF_RUNTIME_INTERPRETED_H

#include "runtime/python/python.h"
#include "runtime/runtime.h"

/* Fills recognised for a thread whose Python frames are those of hub's wait; whether they are hub's. */
bool interpreted_recognise(const struct runtime *runtime, const struct moment *moment,
			   enum python_hub hub, struct recognised *recognised);

/*
 * What the frames of a moment's stack say of a loop: 0, with run_onces and
 * in_own_select of seen set, or -errno: nothing.
 */
typedef int interpreted_seen_fn(struct python *python, const struct bp_stack *stack,
				struct python_loop *seen);

/* other_wait() of a loop that its frames show. */
enum other_wait interpreted_other_wait(const struct moment *moment, interpreted_seen_fn *see);

#endif
