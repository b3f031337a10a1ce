/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observed.h - a process that a loop waits for, and what its threads did
 * meanwhile, as it is seen from outside a few times. It need not be watched.
 *
 * Between two times the scheduler's counts say how long a thread ran and was
 * ready; the rest is what it was seen to be blocked in.
 */
#ifndef BLOCKPROF_STALL_PEERS_OBSERVED_H
#define BLOCKPROF_STALL_PEERS_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"
#include "stall/peers/whom.h"

struct engine;

#define OBSERVED_THREADS 64 /* of one process */

struct observed_thread {
	pid_t tid;
	char comm[16];
	uint64_t seen_ns; /* last */
	uint64_t switches, ran_ns, queued_ns; /* then */
	bool running;
	bool collects; /* it ran, and collected garbage */ /* then */
	bool same_end; /* then: blocked on the very connection that is asked about */
	struct whoms waits_for; /* then */
	/* What it was blocked in then, with those that it waits for, of whom nothing else is said; ns is 0. */
	struct culprit now;
	struct culprits did; /* what came of it so far */
	struct culprits samples; /* stacks that CPU ticks hit; ns counts them */
};

struct observed {
	pid_t pid;
	char comm[16];
	enum culprit_kind kind;
	int fd; /* of the process, for what is waited for; -1: not known */
	pid_t tid; /* the thread that is meant now; 0: not known */
	pid_t not_tid; /* the thread that is not */
	bool one_thread; /* it is always known which is meant */
	enum culprit_doubt doubt;
	uint64_t since_ns; /* from when on what it does counts */
	struct observed_thread *threads;
	size_t nr_threads;
	bool more_threads; /* than are kept */
};

struct observed *observed_new(struct engine *engine, const struct whom *whom, uint64_t since_ns);
void observed_free(struct observed *observed);
/* 0 or -errno: it is gone. */
int observed_update(struct engine *engine, struct observed *observed);
void observed_sample(struct engine *engine, struct observed *observed,
		     const struct bp_observed_sample *sample, const struct bp_stack_copy *copy);
/* The thread with this number; NULL: it was not seen. */
struct observed_thread *observed_find_thread(struct observed *observed, pid_t tid);

#endif
