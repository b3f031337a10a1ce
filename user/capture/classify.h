/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classify.h - why a thread blocked, and what it waited for. */
#ifndef BLOCKPROF_CAPTURE_CLASSIFY_H
#define BLOCKPROF_CAPTURE_CLASSIFY_H

#include "bpf/abi.h"
#include "capture/frames.h"
#include "model/model.h"

struct peers;
struct symbols;

struct classify {
	struct peers *peers;
	struct symbols *symbols;
};

/*
 * Fills slice's cause, syscall and target from what the thread was blocked in.
 * slice->stack and slice->waker are set already. capture must be a copy that
 * does not change.
 */
void classify(const struct classify *with, pid_t pid, const struct bp_capture *capture,
	      struct slice *slice);

/* What the end of the block says besides: that a child's end was it, or its time-out. */
void classify_ended(const struct bp_capture *capture, enum wakeup wakeup, struct slice *slice);

#endif
