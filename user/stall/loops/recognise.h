/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recognise.h - which threads are loops. A thread is asked about when it is first
 * seen, when it sleeps in a call that may be a loop's wait, and, where a Python
 * program has shown no loop yet, every now and then (scan.h).
 */
#ifndef BLOCKPROF_STALL_LOOPS_RECOGNISE_H
#define BLOCKPROF_STALL_LOOPS_RECOGNISE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct engine;
struct moment;
struct recognised;
struct watched;

/* All threads: new ones are asked about, those that are to get slots get them. 0 or -errno. */
int recognise_all(struct engine *engine);
/* The threads of one process. */
void recognise_process(struct engine *engine, pid_t pid);
/* A thread sleeps in what may be a loop's wait. */
void recognise_candidate(struct engine *engine, const struct bp_candidate *candidate);

/* A loop's thread is asked about once more: where it is now. */
void recognise_again(struct engine *engine, pid_t tid);

/* Asks about a thread: moment as moment_of() made it, with what the thread is caught in. */
void recognise_thread(struct engine *engine, struct watched *watched, struct moment *moment,
		      struct recognised *recognised);
/* The thread that was recognised gets its slot at once. */
void recognise_bind(struct engine *engine, const struct moment *moment,
		    const struct recognised *recognised);

#endif
