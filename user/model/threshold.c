// SPDX-License-Identifier: GPL-2.0-or-later
/* threshold.c - which part of the threshold is enough for what. */
#include "model/threshold.h"

#include <stddef.h>

#include "base/clock.h"

static const struct {
	unsigned int part; /* of the threshold */
	uint64_t min_ns;
	uint64_t max_ns;
} parts[] = {
	[THRESHOLD_BLOCK] = { 20, 100 * NS_PER_US, 50 * NS_PER_MS },
	[THRESHOLD_SAMPLE_AGE] = { 8, 100 * NS_PER_US, 25 * NS_PER_MS },
	[THRESHOLD_SAMPLE_EVERY] = { 20, NS_PER_MS, 10 * NS_PER_MS },
	[THRESHOLD_WAITING] = { 4, 20 * NS_PER_MS, 250 * NS_PER_MS },
	[THRESHOLD_OLD] = { 8, 2 * NS_PER_MS, 20 * NS_PER_MS },
};

uint64_t threshold_part_ns(uint64_t threshold_ns, enum threshold_part part)
{
	uint64_t ns = threshold_ns / parts[part].part;

	if (ns < parts[part].min_ns)
		return parts[part].min_ns;
	return ns > parts[part].max_ns ? parts[part].max_ns : ns;
}
