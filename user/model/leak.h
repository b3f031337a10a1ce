/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leak.h - what a leak is: a number of tasks or threads that keeps growing, as
 * they are made and never end; not a program that starts, a burst, or a number
 * that goes up and down. Notes report it, and `top` marks it, by this alone.
 */
#ifndef BLOCKPROF_MODEL_LEAK_H
#define BLOCKPROF_MODEL_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#define LEAK_STEP_NS 5000000000ull /* from one sample to the next */
#define LEAK_RISES   6 /* in a row: half a minute */
#define LEAK_LEAST   50 /* by so many, and by half of what there was */

/* Starts as { 0 }. */
struct leak {
	uint64_t from; /* where the growth began */
	uint64_t from_ns;
	uint64_t last;
	uint64_t next_ns; /* no sample is taken before that */
	uint64_t reported; /* the number then; 0: not yet */
	unsigned int rises;
	unsigned int rests; /* samples in a row that were the same */
	bool sampled;
};

/*
 * One sample, passed over where it comes too soon after the one before. Whether
 * it is to be reported: once it is a leak, and again at each doubling.
 */
bool leak_add(struct leak *leak, uint64_t value, uint64_t now_ns);
/* Is it one, by the samples so far? It has grown from leak->from since leak->from_ns. */
bool leak_is_one(const struct leak *leak);

#endif
