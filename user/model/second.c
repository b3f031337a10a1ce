// SPDX-License-Identifier: GPL-2.0-or-later
/* second.c - which buckets of turns are one in the record of a second. */
#include "model/second.h"

#define FIRST_OCTAVE 17

uint64_t second_upper_ns(unsigned int bucket)
{
	return bucket + 1 < SECOND_BUCKETS ? 1ull << (FIRST_OCTAVE + bucket) : INT64_MAX;
}

unsigned int second_bucket(uint64_t upper_ns)
{
	unsigned int bucket = 0;

	while (bucket < SECOND_BUCKETS && second_upper_ns(bucket) != upper_ns)
		bucket++;
	return bucket;
}

void second_add(uint64_t buckets[SECOND_BUCKETS], const unsigned int hist[HIST_BUCKETS])
{
	unsigned int bucket = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		while (hist_bucket_ns(i) >= second_upper_ns(bucket))
			bucket++;
		buckets[bucket] += hist[i];
	}
}
