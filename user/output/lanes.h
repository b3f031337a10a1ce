/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes.h - where stalls of a loop are drawn, so that none lies over another. Its turns
 * come one after the other, and one lane is enough; but their reports may overtake each
 * other, and recordings may be of any origin.
 */
#ifndef BLOCKPROF_OUTPUT_LANES_H
#define BLOCKPROF_OUTPUT_LANES_H

#include "model/model.h"

#define LANES_OF_LOOP 16

struct lanes;

struct lane_time {
	uint64_t begin_ns;
	uint64_t end_ns;
};

int lanes_new(struct lanes **out); /* 0 or -ENOMEM */
void lanes_free(struct lanes *lanes);
/*
 * Of a loop, or of a thread whose loop is not known, of a host: the first lane, from 0
 * on, in which nothing ends later than this begins. 0; -ENOSPC: there is none; -ENOMEM.
 */
int lanes_take(struct lanes *lanes, uint64_t host, const struct thread_id *id,
	       const struct lane_time *time, unsigned int *lane);

#endif
