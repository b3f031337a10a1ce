/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allowance.h - what may be spent on others: looking for who is at the other end, and
 * observing them, takes half a percent of one CPU at the most, and some more at the start.
 */
#ifndef BLOCKPROF_PROC_PEER_ALLOWANCE_H
#define BLOCKPROF_PROC_PEER_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define ALLOWANCE_TIMES	 200 /* so many times what was spent has to pass... */
#define ALLOWANCE_CREDIT (8 * NS_PER_SEC) /* ...but for so much: 40 ms of CPU time */

#define ALLOWANCE_MOST_NS \
	(5 * NS_PER_MS) /* of one look: what is read for the first time is not paid for long */

/* Start with zeroes. Times are CLOCK_MONOTONIC. */
struct allowance {
	uint64_t paid_until_ns; /* until when what was spent has used up its time */
	uint64_t spent_ns; /* so far */
	uint64_t refused; /* so much was not looked at, as it was used up */
};

static inline bool allowance_is_left(const struct allowance *allowance, uint64_t now_ns)
{
	return allowance->paid_until_ns <= now_ns + ALLOWANCE_CREDIT;
}

/* So that something is left for what matters more. */
static inline bool allowance_is_ample(const struct allowance *allowance, uint64_t now_ns)
{
	return allowance->paid_until_ns <= now_ns + ALLOWANCE_CREDIT / 2;
}

/* By CPU time. */
static inline void allowance_pay(struct allowance *allowance, uint64_t now_ns, uint64_t spent_ns)
{
	if (allowance->paid_until_ns < now_ns)
		allowance->paid_until_ns = now_ns;
	allowance->paid_until_ns +=
		ALLOWANCE_TIMES * (spent_ns < ALLOWANCE_MOST_NS ? spent_ns : ALLOWANCE_MOST_NS);
	allowance->spent_ns += spent_ns;
}

#endif
