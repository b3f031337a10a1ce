/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observed.h - the kernel side of observing processes that need not be watched:
 * behind probe.h while a turn is old, behind observer.h for a dump.
 */
#ifndef BLOCKPROF_PROBE_OBSERVED_H
#define BLOCKPROF_PROBE_OBSERVED_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct blockprof_bpf;

typedef void observed_fn(void *context, const struct bp_observed_snapshot *snapshot);

/* Calls fn for each thread of the process, or for tid alone where that is not 0. 0 or -errno. */
int observed_iterate(struct blockprof_bpf *skel, pid_t pid, pid_t tid, observed_fn *fn,
		     void *context);
typedef void syncer_fn(void *context, const struct bp_sync_snapshot *snapshot);

/* Calls fn for each thread of the machine that writes out this file system. 0 or -errno. */
int observed_syncers(struct blockprof_bpf *skel, uint32_t dev, syncer_fn *fn, void *context);
/* Its CPU time is sampled. 0 or -errno. */
int observed_add(struct blockprof_bpf *skel, pid_t pid, const struct bp_python *python);
void observed_clear(struct blockprof_bpf *skel);
/* The descriptor that the thread waits for, for the next snapshot of it; -1: none. */
void observed_fd(struct blockprof_bpf *skel, pid_t tid, int fd);

#endif
