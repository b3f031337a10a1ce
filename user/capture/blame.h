/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blame.h - who had the CPU that a turn's thread was ready for. */
#ifndef BLOCKPROF_CAPTURE_BLAME_H
#define BLOCKPROF_CAPTURE_BLAME_H

#include <sys/types.h>

#include "bpf/abi.h"
#include "model/model.h"

/* For the slices of a settled turn: runqueue time gets the runners, throttled time pid's quota. */
void blame_runners(struct slices *slices, const struct bp_runner runners[BP_RUNNERS]);
void blame_quota(struct slices *slices, pid_t pid);

#endif
