/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - a stall as a line of time: which of its slices was when, as far as
 * that is known, each inside of another one or beside it.
 */
#ifndef BLOCKPROF_OUTPUT_TIMELINE_H
#define BLOCKPROF_OUTPUT_TIMELINE_H

#include "model/model.h"

struct match;

enum timeline_kind {
	TIMELINE_BEGIN,
	TIMELINE_END, /* of the one that began last and has not ended */
	TIMELINE_MOMENT,
};

struct timeline_event {
	enum timeline_kind kind;
	uint64_t mono_ns;
	const struct slice *slice;
	/* Of the slice's time, that is shown by this; 0 at an end. All of a slice add up to it. */
	uint64_t ns;
	bool longest; /* it is, or ends, the longest part of its slice, which has the waker */
};

/* In their order; within the stall. */
struct timeline {
	struct timeline_event *v;
	size_t nr;
	bool unordered; /* it is not known which was when: the largest slice is put first */
};

/* Slices whose stacks match, of any with NULL. 0 or -ENOMEM. */
int timeline_make(struct timeline *timeline, const struct stall_record *stall,
		  const struct match *match);
void timeline_free(struct timeline *timeline);

#endif
