// SPDX-License-Identifier: GPL-2.0-or-later
/* hist.c - which lengths a bucket of turns stands for. */
#include "model/hist.h"

/* As hist_bucket() in bpf/turn.h. */
unsigned int hist_bucket(uint64_t ns)
{
	unsigned int octave = ns ? 63 - (unsigned int)__builtin_clzll(ns) : 0, bucket;

	if (octave < 3)
		return (unsigned int)ns;
	bucket = (octave - 2) * HIST_STEPS + (ns >> (octave - 3)) % HIST_STEPS;
	return bucket < HIST_BUCKETS ? bucket : HIST_BUCKETS - 1;
}

/* The inverse of that. */
uint64_t hist_bucket_ns(unsigned int bucket)
{
	unsigned int octave = bucket / HIST_STEPS + 2, step = bucket % HIST_STEPS;

	if (bucket < HIST_STEPS)
		return bucket;
	return ((uint64_t)(HIST_STEPS + step) << (octave - 3)) + ((1ull << (octave - 3)) >> 1);
}

uint64_t hist_percentile_ns(const unsigned int hist[HIST_BUCKETS], unsigned int percent)
{
	uint64_t all = 0, upto = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		all += hist[i];
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		upto += hist[i];
		if (upto && upto * 100 >= all * percent)
			return hist_bucket_ns(i);
	}
	return 0;
}
