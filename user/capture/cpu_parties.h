/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu_parties.h - who had the CPU that a turn's thread was ready for, and which cgroup held it back. */
#ifndef BLOCKPROF_CAPTURE_CPU_PARTIES_H
#define BLOCKPROF_CAPTURE_CPU_PARTIES_H

#include <sys/types.h>

#include "bpf/abi.h"
#include "model/model.h"

/* For the slices of a settled turn: runqueue time gets the runners, throttled time pid's quota. */
void cpu_add_runners(struct slices *slices, const struct bp_runner runners[BP_RUNNERS]);
void cpu_add_quota(struct slices *slices, pid_t pid);

/* A block by which memory.high held the thread back gets the cgroup. */
void memory_add_limit(struct slice *slice, pid_t pid);

#endif
