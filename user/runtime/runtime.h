/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.h - which event loop a thread runs, and where that loop waits.
 *
 * A runtime is one file and one line in the table of runtime.c. Its judge is
 * shown a thread at a moment and says whether that thread runs its loop.
 */
#ifndef BLOCKPROF_RUNTIME_H
#define BLOCKPROF_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct python;

/* A thread, caught at a moment. */
struct sighting {
	pid_t pid;
	pid_t tid;
	uint64_t pthread; /* pthread_self() */
	struct python *python; /* the process's interpreter, NULL: none */
	uint64_t
		forked_ns; /* when its process was forked; 0: not seen, or it has executed a program since */
	bool python_pending; /* it is a Python that cannot be read yet */
	/* It has just begun to sleep in a call that may be a loop's wait; NULL: it was looked at. */
	const struct bp_candidate *candidate;
	/* What it is blocked in, as far as known; NULL: not known, or it runs. */
	const struct bp_block *block;
};

struct verdict {
	const char *runtime; /* NULL: no loop, as far as this shows */
	unsigned int wait_class; /* BP_WAIT_NONE: where it waits is not known yet */
	uint64_t wait_id;
	uint64_t loop_object; /* asyncio: address of the loop */
	uint64_t turn_start_ns; /* of the turn that it is in; 0: in its wait, or not known */
	uint64_t task; /* asyncio: address of the Task that runs, 0: none or not known */
};

struct runtime {
	const char *name;
	/* Whether verdict was filled: this runtime has the say about such a thread. */
	bool (*judge)(const struct sighting *sighting, struct verdict *verdict);
};

extern const struct runtime runtime_asyncio;
extern const struct runtime runtime_generic;

/* The first runtime that has the say, has it. */
void runtime_judge(const struct sighting *sighting, struct verdict *verdict);

/* Version of the runtime's implementation for the loop record; NULL: not known. */
const char *runtime_version(const struct python *python);

#endif
