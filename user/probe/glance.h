/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glance.h - a look at the threads of processes that are not watched: one
 * program that runs when it is asked, and nothing that an event would meet.
 */
#ifndef BLOCKPROF_PROBE_GLANCE_H
#define BLOCKPROF_PROBE_GLANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct glance;

/* 0, or -errno and *reason as probe_open() gives it. libbpf_log: show libbpf's own messages. */
int glance_open(struct glance **out, bool libbpf_log, const char **reason);
void glance_close(struct glance *glance);

typedef void glance_fn(void *context, const struct bp_suspect_info *info);
/* Calls fn for each thread of a process. 0 or -errno. */
int glance_process(struct glance *glance, pid_t pid, glance_fn *fn, void *context);
/* The descriptor that a thread waits for, as only user space could find it: for the next look. -1: no longer. */
void glance_fd(struct glance *glance, pid_t tid, int fd);
/*
 * Since when a thread has not run, CLOCK_MONOTONIC; of one that runs since when
 * it has. 0: the kernel does not say.
 */
uint64_t glance_since_ns(const struct glance *glance, const struct bp_suspect_info *info);

#endif
