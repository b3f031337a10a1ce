/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leak.h - what a leak is: the number of tasks or threads keeps growing, since
 * they are made and never end. A program that starts is none, nor a burst, nor a
 * number that goes up and down. Notes and `top` both go by this definition.
 */
#ifndef BLOCKPROF_MODEL_LEAK_H
#define BLOCKPROF_MODEL_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define LEAK_STEP_NS (5 * NS_PER_SEC) /* from one sample to the next */
#define LEAK_RISES   6 /* in a row: half a minute */
#define LEAK_LEAST   50 /* by so many, and by half of what there was */

/* Starts as { 0 }. */
struct leak {
	uint64_t from; /* where the growth began */
	uint64_t from_ns;
	uint64_t last;
	uint64_t next_ns; /* no sample is taken before that */
	uint64_t reported; /* the number when it was reported; 0: it was not */
	unsigned int rises;
	unsigned int rests; /* samples in a row that were the same */
	bool sampled;
};

/*
 * Takes a sample, unless it comes too soon after the one before. Whether a report
 * is due: when it becomes a leak, and again each time the number has doubled.
 */
bool leak_add(struct leak *leak, uint64_t value, uint64_t now_ns);
/* Whether it is a leak, by the samples so far: then it has grown from leak->from since leak->from_ns. */
bool leak_is_one(const struct leak *leak);

#endif
