/* SPDX-License-Identifier: GPL-2.0-or-later */
/* second.h - how long turns of a second were: a few fixed buckets, which add up over seconds and loops. */
#ifndef BLOCKPROF_MODEL_SECOND_H
#define BLOCKPROF_MODEL_SECOND_H

#include <stdint.h>

#include "model/hist.h"

#define SECOND_BUCKETS 16

/* Turns in a bucket are shorter than this: 2^17 ns (131 us), then twice as long each; the last has no end. */
uint64_t second_upper_ns(unsigned int bucket);
/* The bucket of a turn so long. */
unsigned int second_bucket_of(uint64_t ns);
/* The bucket with that end; SECOND_BUCKETS: there is none. */
unsigned int second_bucket(uint64_t upper_ns);
/* Adds the turns of the finer buckets, which end where these do. */
void second_add(uint64_t buckets[SECOND_BUCKETS], const unsigned int hist[HIST_BUCKETS]);
/*
 * So many percent of the turns were no longer than about this: in a bucket, of which
 * the longest turn may be the end, they are taken to be spread evenly. 0: there were none.
 */
uint64_t second_percentile_ns(const uint64_t buckets[SECOND_BUCKETS], uint64_t longest_ns,
			      unsigned int percent);

#endif
