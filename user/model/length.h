/* SPDX-License-Identifier: GPL-2.0-or-later */
/* length.h - how long turns were, by the bounds that metrics have. */
#ifndef BLOCKPROF_MODEL_LENGTH_H
#define BLOCKPROF_MODEL_LENGTH_H

#include <stdint.h>

#include "model/hist.h"

#define LENGTH_BUCKETS 13 /* the last has no end */
#define LENGTH_BOUNDS  (LENGTH_BUCKETS - 1)

/* Turns in a bucket are no longer than this, and longer than those in the one before. */
uint64_t length_upper_ns(unsigned int bucket);
const char *length_upper_name(unsigned int bucket); /* in seconds: "0.001", "+Inf" */
unsigned int length_bucket_of(uint64_t ns);
/* The bound that is in the same bucket of hist.h and that ns is over; LENGTH_BOUNDS: it is over none there. */
unsigned int length_bound_under(uint64_t ns);
/* Adds the turns of the finer buckets; over: how many of those in the bucket of a bound were longer than that. */
void length_add(uint64_t buckets[LENGTH_BUCKETS], const unsigned int hist[HIST_BUCKETS],
		const unsigned int over[LENGTH_BOUNDS]);

#endif
