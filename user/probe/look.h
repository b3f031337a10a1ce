/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.h - the kernel's iterator over threads, run once: see probe_iterate() for what it does. */
#ifndef BLOCKPROF_PROBE_LOOK_H
#define BLOCKPROF_PROBE_LOOK_H

#include "probe/probe.h"

struct blockprof_bpf;

/* Every thread; those of a process; one thread. 0 or -errno. */
int look_all(struct blockprof_bpf *skel, probe_watched_fn *fn, void *context);
int look_process(struct blockprof_bpf *skel, pid_t pid, probe_watched_fn *fn, void *context);
int look_thread(struct blockprof_bpf *skel, pid_t tid, probe_watched_fn *fn, void *context);

#endif
