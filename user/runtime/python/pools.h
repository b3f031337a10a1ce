/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pools.h - what an interpreter has of things that run out: workers of
 * concurrent.futures.ThreadPoolExecutor, which is asyncio's default executor
 * too, and asyncio's tasks. Read while the program runs: what changes
 * meanwhile may be missed.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_POOLS_H
#define BLOCKPROF_RUNTIME_PYTHON_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python;

/* One thread of a pool. */
struct python_worker {
	uint64_t pthread; /* its pthread_self() */
	uint64_t pool; /* address of the pool's queue: what its workers have in common */
	bool busy; /* runs what it was given, rather than wait for it */
};

/* All workers of all pools. How many were stored, or -errno. */
int python_workers(struct python *python, struct python_worker *workers, size_t max);

/*
 * What waits in a pool's queue for a worker, first in first out: addresses of
 * work items, at most max of them; *nr is how many there are. Returns how many
 * were stored; -EINVAL: no such queue (any more); or other -errno.
 */
int python_pool_queue(struct python *python, uint64_t pool, uint64_t *items, size_t max,
		      uint64_t *nr);

/* asyncio tasks that have not ended, all loops together. -ENOENT: asyncio is not imported. */
int python_tasks_count(struct python *python, uint64_t *nr);

#endif
