/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suspects.h - processes that old turns wait for: see probe.h. */
#ifndef BLOCKPROF_PROBE_SUSPECTS_H
#define BLOCKPROF_PROBE_SUSPECTS_H

#include <sys/types.h>

#include "bpf/abi.h"

struct blockprof_bpf;

typedef void suspects_look_fn(void *context, const struct bp_suspect_info *info);

int suspects_look(struct blockprof_bpf *skel, pid_t pid, suspects_look_fn *fn, void *context);
/* One thread, or others of its process too on kernels that know no such look. */
int suspects_look_thread(struct blockprof_bpf *skel, pid_t pid, pid_t tid, suspects_look_fn *fn,
			 void *context);
int suspects_add(struct blockprof_bpf *skel, pid_t pid, const struct bp_python *python);
void suspects_clear(struct blockprof_bpf *skel);
void suspects_fd(struct blockprof_bpf *skel, pid_t tid, int fd);

#endif
