// SPDX-License-Identifier: GPL-2.0-or-later
/* second.c - which buckets of turns are one in the record of a second. */
#include "model/second.h"

#define FIRST_OCTAVE 17

uint64_t second_upper_ns(unsigned int bucket)
{
	return bucket + 1 < SECOND_BUCKETS ? 1ull << (FIRST_OCTAVE + bucket) : INT64_MAX;
}

unsigned int second_bucket_of(uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket + 1 < SECOND_BUCKETS && ns >= second_upper_ns(bucket))
		bucket++;
	return bucket;
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

uint64_t second_percentile_ns(const uint64_t buckets[SECOND_BUCKETS], uint64_t longest_ns,
			      unsigned int percent)
{
	double all = 0, upto = 0, rank;

	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		all += (double)buckets[i];
	rank = all * percent / 100;
	for (unsigned int i = 0; i < SECOND_BUCKETS; i++) {
		uint64_t lower_ns = i ? second_upper_ns(i - 1) : 0, upper_ns = second_upper_ns(i);
		double within = (double)buckets[i];

		if (longest_ns < upper_ns)
			upper_ns = longest_ns > lower_ns ? longest_ns : lower_ns;
		if (within && upto + within >= rank)
			return lower_ns +
			       (uint64_t)((double)(upper_ns - lower_ns) * (rank - upto) / within);
		upto += within;
	}
	return 0;
}
