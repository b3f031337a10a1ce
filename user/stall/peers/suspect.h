/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suspect.h - a process that a loop waits for, and what its threads did
 * meanwhile, as a few looks from outside show it. It need not be watched.
 *
 * Between two looks the scheduler's counts say how long a thread ran and was
 * ready; the rest is what it was seen to be blocked in.
 */
#ifndef BLOCKPROF_STALL_PEERS_SUSPECT_H
#define BLOCKPROF_STALL_PEERS_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;

#define SUSPECT_THREADS 64 /* looked at of one process */

/* Whom a blocked thread waits for in turn. */
struct suspect_peer {
	pid_t pid; /* 0: none of this machine */
	int fd; /* of that process, for what they share; -1: not known */
};

struct suspect_thread {
	pid_t tid;
	char comm[16];
	uint64_t looked_ns; /* last */
	uint64_t switches, ran_ns, queued_ns; /* then */
	bool running; /* then */
	bool same_end; /* then: blocked on the very connection that is asked about */
	struct suspect_peer peer; /* then */
	struct culprit now; /* what it was blocked in then; ns is 0 */
	struct culprits did; /* what came of it so far */
	struct culprits samples; /* stacks that CPU ticks hit; ns counts them */
};

struct suspect {
	pid_t pid;
	char comm[16];
	enum culprit_kind kind;
	int fd; /* of the process, for what is waited for; -1: not known */
	pid_t tid; /* OWNER: the thread that is meant now */
	uint64_t since_ns; /* from when on what it does counts */
	struct suspect_thread *threads;
	size_t nr_threads;
	bool more_threads; /* than are looked at */
};

struct suspect *suspect_new(struct engine *engine, enum culprit_kind kind, pid_t pid, int fd,
			    uint64_t since_ns);
void suspect_free(struct suspect *suspect);
/* 0 or -errno: it is gone. */
int suspect_look(struct engine *engine, struct suspect *suspect);
void suspect_sample(struct engine *engine, struct suspect *suspect,
		    const struct bp_suspect_sample *sample, const struct bp_copy *copy);
/* The thread with this number; NULL: it was not seen. */
struct suspect_thread *suspect_thread(struct suspect *suspect, pid_t tid);

#endif
