/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - CLOCK_MONOTONIC in nanoseconds, to a few milliseconds: for ages and limits. */
#ifndef BLOCKPROF_BASE_CLOCK_H
#define BLOCKPROF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS  1000000ULL
#define NS_PER_SEC 1000000000ULL

static inline uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

#endif
