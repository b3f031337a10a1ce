/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared.h - loops whose source processes may serve that are not watched. */
#ifndef BLOCKPROF_STALL_LOOPS_SHARED_H
#define BLOCKPROF_STALL_LOOPS_SHARED_H

#include <stdbool.h>

struct allowance;
struct engine;
struct loop;

/* What is spent on it is reckoned for the same owners. 0 or -ENOMEM. */
int shared_new(struct engine *engine, const struct allowance *of);
void shared_free(struct engine *engine);

/*
 * Does somebody outside of the watch serve the loop's source, or cannot that be seen?
 * Asked when a stall is about to be reported; what was found holds for a while. Who
 * has the source open and was never seen to wait for it does not count: a child that
 * was forked has all that its parent had.
 */
bool is_shared(struct engine *engine, struct loop *loop);

#endif
