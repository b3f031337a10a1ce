/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth.h - what truly happened, by the program's own clock: lines for the one
 * who judges the verdict. "T label start_ns length_ms" when it is over, "B label"
 * when a long one begins, and "T gap ..." where the loop's own ticks stayed out.
 */
#ifndef CASES_TRUTH_H
#define CASES_TRUTH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS   1000000LL
#define LATE (70 * MS) /* over its period that a tick may come and be called in time */

static inline long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* No function of ours: the place is the one that calls it. */
#define nap(ms) usleep((ms)*1000L)

/* So many times as long: what was too short to be joined in its middle is played again. */
static inline int longer(void)
{
	const char *times = getenv("LONGER");

	return times ? atoi(times) : 1;
}

static inline void spin(long ms)
{
	long long end = now() + ms * MS;

	while (now() < end)
		;
}

/* One write: several threads, and processes, may have things to say. */
static inline void truth(const char *label, long long start)
{
	printf("T %s %lld %.3f\n", label, start, (double)(now() - start) / 1e6);
	fflush(stdout);
}

static inline void begins(const char *label)
{
	printf("B %s\n", label);
	fflush(stdout);
}

/* To be called at each tick of a loop; last is the caller's. */
static inline void pulse(long long *last, long period_ms)
{
	long long time = now();

	if (*last && time - *last > period_ms * MS + LATE)
		truth("gap", *last);
	*last = time;
}

#endif
