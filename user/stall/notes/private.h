/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - what is kept of a process for its notes. */
#ifndef BLOCKPROF_STALL_NOTES_PRIVATE_H
#define BLOCKPROF_STALL_NOTES_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

#define THREADS_KNOWN 64

/* A thread of which it was found out whether it is a pool's worker. */
struct known_thread {
	pid_t tid; /* 0: none */
	bool worker;
};

struct notes {
	struct leak tasks, threads; /* leaks.c */
	uint64_t next_leaks_ns;
	uint64_t next_pools_ns;
	bool waiting; /* pools.c: work waits in some pool */
	struct busy_pool pools[POOLS_MAX];
	/* workers.c */
	struct known_thread threads_known[THREADS_KNOWN];
	char busy_group[16]; /* whose workers were all busy */
	uint64_t busy_since_ns; /* 0: none's are */
	uint64_t busy_quiet_ns; /* reported before */
	uint64_t next_workers_ns;
};

/* What it owns. */
void note_call_free(struct note_call *call);
void note_send(struct engine *engine, const struct watched *watched, struct note_record *note);

#endif
