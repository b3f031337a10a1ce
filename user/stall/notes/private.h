/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - what is kept of a process for its notes. */
#ifndef BLOCKPROF_STALL_NOTES_PRIVATE_H
#define BLOCKPROF_STALL_NOTES_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/leak.h"
#include "model/model.h"

#define POOLS_MAX 16 /* of a process */

struct engine;
struct watched;

/* A pool whose workers were all busy, and a piece of work that waited then. */
struct busy_pool {
	uint64_t addr; /* 0: unused */
	uint64_t item;
	size_t position; /* how many are before it in the queue */
	uint64_t since_ns;
	uint64_t quiet_until_ns; /* reported before */
	bool seen; /* this time */
};

struct notes {
	struct leak tasks, threads; /* leaks.c */
	uint64_t next_leaks_ns;
	uint64_t next_pools_ns;
	bool waiting; /* pools.c: work waits in some pool */
	struct busy_pool pools[POOLS_MAX];
};

void note_send(struct engine *engine, const struct watched *watched, struct note_record *note);

#endif
