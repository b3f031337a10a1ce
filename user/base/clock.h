/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - the system's clocks in nanoseconds. */
#ifndef BLOCKPROF_BASE_CLOCK_H
#define BLOCKPROF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US  1000L
#define NS_PER_MS  1000000L
#define NS_PER_SEC 1000000000L

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* CLOCK_MONOTONIC, as all times of records are. */
static inline uint64_t clock_now_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* The same to a few milliseconds and at less cost: for ages and limits. */
static inline uint64_t clock_coarse_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC_COARSE);
}

/* How long a tick of the kernel's clock is, its jiffy: that is what the coarse clocks go by. */
static inline uint64_t clock_tick_ns(void)
{
	struct timespec tick = { 0 };

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (uint64_t)tick.tv_sec * NS_PER_SEC + (uint64_t)tick.tv_nsec;
}

/* This thread's own CPU time: what a look costs, which a busy machine makes no longer. */
static inline uint64_t clock_spent_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

#endif
