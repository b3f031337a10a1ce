/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leak.h - a number that keeps growing, told once it is clear and again at each
 * doubling: tasks or threads that are made and never end, rather than a program
 * that starts, a burst, or a number that goes up and down.
 */
#ifndef BLOCKPROF_STALL_NOTES_LEAK_H
#define BLOCKPROF_STALL_NOTES_LEAK_H

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
	uint64_t told; /* the number then; 0: not yet */
	unsigned int rises;
	unsigned int rests; /* samples in a row that were the same */
	bool sampled;
};

/* One sample. Whether it is to be told: it has grown from leak->from since leak->from_ns. */
bool leak_add(struct leak *leak, uint64_t value, uint64_t now_ns);

#endif
