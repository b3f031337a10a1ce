/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observed.h - processes that old turns wait for: see probe.h. */
#ifndef BLOCKPROF_PROBE_OBSERVED_H
#define BLOCKPROF_PROBE_OBSERVED_H

#include <sys/types.h>

#include "bpf/abi.h"

struct blockprof_bpf;

typedef void observed_fn(void *context, const struct bp_observed_snapshot *info);

int observed_iterate(struct blockprof_bpf *skel, pid_t pid, observed_fn *fn, void *context);
/* One thread, or others of its process too on kernels that know no such look. */
int observed_iterate_thread(struct blockprof_bpf *skel, pid_t pid, pid_t tid, observed_fn *fn,
			    void *context);
int observed_add(struct blockprof_bpf *skel, pid_t pid, const struct bp_python *python);
void observed_clear(struct blockprof_bpf *skel);
void observed_fd(struct blockprof_bpf *skel, pid_t tid, int fd);

#endif
