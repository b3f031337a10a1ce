/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_clock.h - the scheduler's own clock, in which it notes when a thread came
 * onto its CPU (sched_info.last_arrival), matched with CLOCK_MONOTONIC.
 */
#ifndef BLOCKPROF_PROBE_SCHED_CLOCK_H
#define BLOCKPROF_PROBE_SCHED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All 0: not matched yet. */
struct sched_clock {
	int64_t offset_ns; /* to be added to the scheduler's to get CLOCK_MONOTONIC */
	bool known;
};

/* The same moment by both clocks: when a thread that runs came onto its CPU. */
static inline void sched_clock_match(struct sched_clock *clock, uint64_t mono_ns,
				     uint64_t arrival_ns)
{
	clock->offset_ns = (int64_t)(mono_ns - arrival_ns);
	clock->known = true;
}

/* When a thread came onto its CPU last; 0: not known. */
static inline uint64_t sched_clock_arrived_ns(const struct sched_clock *clock, uint64_t arrival_ns)
{
	return clock->known && arrival_ns ? arrival_ns + clock->offset_ns : 0;
}

/* When a thread that has not run since left its CPU, after ran_ns on it; 0: not known. */
static inline uint64_t sched_clock_left_ns(const struct sched_clock *clock, uint64_t arrival_ns,
					   uint64_t ran_ns)
{
	return clock->known && arrival_ns ? arrival_ns + ran_ns + clock->offset_ns : 0;
}

#endif
