/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - what a blocked thread waited for, and who is at the other end of that. */
#ifndef BLOCKPROF_CAPTURE_TARGET_H
#define BLOCKPROF_CAPTURE_TARGET_H

#include <sys/types.h>

#include "bpf/abi.h"
#include "capture/classify.h"
#include "model/model.h"

struct peer;

/* Fills slice's target; its cause and its waker are set already. */
void target_fill(const struct classify *with, pid_t pid, const struct bp_capture *capture,
		 struct slice *slice);

/*
 * The process that is at the other end of the socket or pipe that a thread of
 * pid is blocked on. 0, or -ENOENT: none, none of this machine, or no such block.
 */
int target_peer(const struct classify *with, pid_t pid, const struct bp_capture *capture,
		struct peer *out);

#endif
