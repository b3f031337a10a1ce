/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allowance.h - what may be spent on others: looking for who is at the other end, and
 * observing them, takes half a percent of one CPU at the most, and some more at the start; and
 * what one process waits for does not use up what others need.
 */
#ifndef BLOCKPROF_PROC_PEER_ALLOWANCE_H
#define BLOCKPROF_PROC_PEER_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

#define ALLOWANCE_TIMES	 200 /* so many times what was spent has to pass... */
#define ALLOWANCE_CREDIT (8 * NS_PER_SEC) /* ...but for so much: 40 ms of CPU time */

#define ALLOWANCE_MOST_NS \
	(5 * NS_PER_MS) /* of one look: what is read for the first time is not paid for long */

/* For what one process waits for, so many quarters of that, and of the start, are spent at the most. */
#define ALLOWANCE_OWN_QUARTERS 3
#define ALLOWANCE_OWN	       4096 /* places for processes; two may have the same */

/* Start with zeroes. Times are CLOCK_MONOTONIC. */
struct allowance {
	uint64_t paid_until_ns; /* until when what was spent has used up its time */
	uint64_t own_paid_until_ns[ALLOWANCE_OWN]; /* likewise, what one process may have */
	uint64_t spent_ns; /* so far */
	uint64_t refused; /* so much was not looked at, as it was used up */
};

static inline uint64_t *allowance_own(struct allowance *allowance, pid_t pid)
{
	return &allowance->own_paid_until_ns[(uint32_t)pid % ALLOWANCE_OWN];
}

/* Whether there is some, of so much, for what process pid waits for. */
static inline bool allowance_is_within(struct allowance *allowance, pid_t pid, uint64_t now_ns,
				       uint64_t credit_ns)
{
	return allowance->paid_until_ns <= now_ns + credit_ns &&
	       *allowance_own(allowance, pid) <= now_ns + credit_ns;
}

static inline bool allowance_is_left(struct allowance *allowance, pid_t pid, uint64_t now_ns)
{
	return allowance_is_within(allowance, pid, now_ns, ALLOWANCE_CREDIT);
}

/* So that something is left for what matters more. */
static inline bool allowance_is_ample(struct allowance *allowance, pid_t pid, uint64_t now_ns)
{
	return allowance_is_within(allowance, pid, now_ns, ALLOWANCE_CREDIT / 2);
}

static inline void allowance_add(uint64_t *paid_until_ns, uint64_t now_ns, uint64_t ns)
{
	if (*paid_until_ns < now_ns)
		*paid_until_ns = now_ns;
	*paid_until_ns += ns;
}

/* By CPU time. */
static inline void allowance_pay(struct allowance *allowance, pid_t pid, uint64_t now_ns,
				 uint64_t spent_ns)
{
	uint64_t ns =
		ALLOWANCE_TIMES * (spent_ns < ALLOWANCE_MOST_NS ? spent_ns : ALLOWANCE_MOST_NS);

	allowance_add(&allowance->paid_until_ns, now_ns, ns);
	allowance_add(allowance_own(allowance, pid), now_ns, ns * 4 / ALLOWANCE_OWN_QUARTERS);
	allowance->spent_ns += spent_ns;
}

#endif
