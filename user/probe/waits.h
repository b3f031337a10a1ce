/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waits.h - the BPF programs that see the return of a wait: which are loaded, when they are attached. */
#ifndef BLOCKPROF_PROBE_WAITS_H
#define BLOCKPROF_PROBE_WAITS_H

#include <stdbool.h>

#include "probe/features.h"

struct blockprof_bpf;
struct waits;

/* Before loading: only the programs of this mechanism, and of calls that this kernel has, are loaded. */
void waits_choose(struct blockprof_bpf *skel, enum wait_mechanism mechanism);

int waits_new(struct waits **out, struct blockprof_bpf *skel, enum wait_mechanism mechanism);
void waits_free(struct waits *waits); /* detaches */
int waits_attach(struct waits *waits); /* 0 or -errno; nothing to do when attached */
void waits_detach(struct waits *waits);

#endif
