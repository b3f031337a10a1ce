// SPDX-License-Identifier: GPL-2.0-or-later
/* length.c - the bounds of blockprof_turn_duration_seconds. */
#include "model/length.h"

#include "base/clock.h"

static const struct {
	uint64_t us;
	const char *name;
} bounds[LENGTH_BUCKETS] = {
	{ 1000, "0.001" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1.0" },
	{ 2500000, "2.5" },
	{ 5000000, "5.0" },
	{ 10000000, "10.0" },
	{ INT64_MAX / 1000, "+Inf" },
};

uint64_t length_upper_ns(unsigned int bucket)
{
	return bounds[bucket].us * NS_PER_US;
}

const char *length_upper_name(unsigned int bucket)
{
	return bounds[bucket].name;
}

unsigned int length_bucket_of(uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket + 1 < LENGTH_BUCKETS && ns > length_upper_ns(bucket))
		bucket++;
	return bucket;
}

unsigned int length_bound_under(uint64_t ns)
{
	unsigned int bound = length_bucket_of(ns) - 1;

	return bound < LENGTH_BOUNDS && hist_bucket(length_upper_ns(bound)) == hist_bucket(ns)
		       ? bound
		       : LENGTH_BOUNDS;
}

void length_add(uint64_t buckets[LENGTH_BUCKETS], const unsigned int hist[HIST_BUCKETS],
		const unsigned int over[LENGTH_BOUNDS])
{
	unsigned int bound = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		while (bound < LENGTH_BOUNDS && hist_bucket(length_upper_ns(bound)) < i)
			bound++;
		buckets[bound] += hist[i];
	}
	for (bound = 0; bound < LENGTH_BOUNDS; bound++) {
		unsigned int most = hist[hist_bucket(length_upper_ns(bound))];
		unsigned int longer = over[bound] < most ? over[bound] : most;

		buckets[bound] -= longer;
		buckets[bound + 1] += longer;
	}
}
