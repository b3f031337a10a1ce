/* SPDX-License-Identifier: GPL-2.0-or-later */
/* javascript.h - JavaScript frames in the place of the native ones that stand for them. */
#ifndef BLOCKPROF_CAPTURE_JAVASCRIPT_H
#define BLOCKPROF_CAPTURE_JAVASCRIPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "capture/raw_stack.h"
#include "runtime/v8/v8.h"
#include "symbol/symbol.h"

struct namer;

#define JAVASCRIPT_INLINED_MAX 16 /* frames of one native frame */

/* One stack under way; zeroed at first, with javascript_end() at last. */
struct javascript {
	struct v8 *v8; /* of the stack's process; NULL: not asked for yet, or there is none */
	bool asked;
	bool unread; /* it did not come in time */
	bool is_v8; /* then: there was something of it */
	unsigned int nr_unread; /* functions without their names for that */
	struct v8_frame frames[JAVASCRIPT_INLINED_MAX]; /* innermost first */
	uint64_t fp; /* of the native frame before, if it gave frames */
};

/*
 * Names what a native frame runs. symbol is its own name. Returns how many frames there are; 0: a step of V8's own
 * between them; -ENOENT: it stays a native frame, whose symbol may have been
 * looked up again.
 */
int javascript_frames(struct javascript *javascript, struct namer *namer,
		      const struct raw_stack *raw, const struct native_frame *native,
		      struct symbol *symbol);
void javascript_end(struct javascript *javascript, struct namer *namer);

#endif
