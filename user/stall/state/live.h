/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.h - what the kernel side keeps of a loop's thread, as it was at one moment. */
#ifndef BLOCKPROF_STALL_STATE_LIVE_H
#define BLOCKPROF_STALL_STATE_LIVE_H

#include <stdbool.h>

#include "bpf/abi.h"

struct engine;
struct loop;

struct live {
	struct bp_slot slot;
	struct bp_slice slice;
};

/* A copy of one piece. false: the thread moved each time. */
bool live_read(struct engine *engine, const struct loop *loop, struct live *live);
/* What it is blocked in; the caller's. NULL: it moved, or no memory. */
struct bp_capture *live_capture(struct engine *engine, const struct loop *loop);

#endif
