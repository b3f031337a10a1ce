/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu_parties.h - who had the CPU that a turn's thread was ready for. */
#ifndef BLOCKPROF_CAPTURE_CPU_PARTIES_H
#define BLOCKPROF_CAPTURE_CPU_PARTIES_H

#include <sys/types.h>

#include "bpf/abi.h"
#include "model/model.h"

/* For the slices of a settled turn: runqueue time gets the runners, throttled time pid's quota. */
void cpu_add_runners(struct slices *slices, const struct bp_runner runners[BP_RUNNERS]);
void cpu_add_quota(struct slices *slices, pid_t pid);

#endif
