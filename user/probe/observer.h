/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer.h - thread snapshots of processes that are not watched, for a dump: one
 * BPF program that runs when it is asked, and none that an event would meet.
 */
#ifndef BLOCKPROF_PROBE_OBSERVER_H
#define BLOCKPROF_PROBE_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct observer;

/* 0, or -errno and *reason as probe_open() gives it. libbpf_log: show libbpf's own messages. */
int observer_open(struct observer **out, bool libbpf_log, const char **reason);
void observer_close(struct observer *observer);

typedef void observer_fn(void *context, const struct bp_observed_snapshot *snapshot);
/* Calls fn for each thread of a process. 0 or -errno. */
int observer_process(struct observer *observer, pid_t pid, observer_fn *fn, void *context);
/*
 * The descriptor that a thread waits for, where only user space could find it: the
 * next snapshot says what it stands for. -1: no longer.
 */
void observer_fd(struct observer *observer, pid_t tid, int fd);
/*
 * Since when a thread has not run, CLOCK_MONOTONIC; of one that runs since when
 * it has. 0: the kernel does not say.
 */
uint64_t observer_since_ns(const struct observer *observer,
			   const struct bp_observed_snapshot *snapshot);

#endif
