/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queues.h - what an asyncio loop has still to do, read while it runs: what changes meanwhile may be missed. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_QUEUES_H
#define BLOCKPROF_RUNTIME_PYTHON_QUEUES_H

#include <stddef.h>
#include <stdint.h>

struct python;

/* How many callbacks are ready, each a step of a Task as a rule, of the loop object. 0 or -errno. */
int python_loop_ready(struct python *python, uint64_t loop, int64_t *nr);
/*
 * When its timers are due, in no order: of the first max in its heap those that are not
 * cancelled. How many, or -errno.
 */
int python_loop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max);

/* The same of an uvloop loop, which keeps them in libuv's heap: those that are due first, as a rule. */
int python_uvloop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max);

#endif
