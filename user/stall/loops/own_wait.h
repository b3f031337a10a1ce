/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_wait.h - whether a block of a loop's thread is the loop's own wait all the
 * same, at another place than the one that is known: the loop was made anew, is
 * served from elsewhere, or its work is another thread's now.
 */
#ifndef BLOCKPROF_STALL_LOOPS_OWN_WAIT_H
#define BLOCKPROF_STALL_LOOPS_OWN_WAIT_H

#include <stdbool.h>

#include "bpf/abi.h"
#include "runtime/runtime.h"

struct engine;
struct loop;

/* A wait or a park that is its own is known as that from now on, to the kernel side too. */
enum other_wait own_wait_ask(struct engine *engine, struct loop *loop,
			     const struct bp_capture *capture);
/* Where a pool's worker parks is not known yet: its futexes may be idle time. */
bool own_wait_may_be_park(struct engine *engine, const struct loop *loop);
/*
 * Whether a thread that was a pool's worker has handed that on, so as to block as
 * it likes. block: what it is blocked in now; NULL: it runs.
 */
bool own_wait_handed_on(struct engine *engine, const struct loop *loop,
			const struct bp_block *block);

#endif
