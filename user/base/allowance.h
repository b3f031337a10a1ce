/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allowance.h - what may be spent on others: looking for who is at the other end, and
 * observing them, takes half a percent of one CPU at the most, and some more at the start; and
 * what one process, user or cgroup waits for does not use up what others need. Likewise other
 * work that all may cause, at a rate of its own.
 */
#ifndef BLOCKPROF_BASE_ALLOWANCE_H
#define BLOCKPROF_BASE_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

/* How much CPU time. */
struct allowance_rate {
	uint64_t credit_ns; /* at once, ... */
	uint64_t time_ns; /* ... and in the long run as much in so long a time */
	uint64_t most_ns; /* of one look: what is read for the first time is not paid for long */
};

#define ALLOWANCE_PLACES 4096 /* of each kind; two may have the same */

/* For whom it is spent. */
struct allowance_owner {
	uint32_t user; /* 0: root, who is not counted as one, or not known */
	uint32_t cgroup; /* a hash; 0: it is in none, or not known */
};

/* What was spent and is not forgotten yet: a part of it with each moment, the same of everyone's. */
struct allowance_debt {
	double ns;
	uint64_t tick; /* up to when it is reckoned */
};

enum allowance_kind { ALLOWANCE_PROCESS, ALLOWANCE_USER, ALLOWANCE_CGROUP, ALLOWANCE_KINDS };

/* Start with zeroes. Times are CLOCK_MONOTONIC. */
struct allowance {
	const struct allowance_rate *rate; /* NULL: that of looking at others */
	struct allowance_debt all;
	struct allowance_debt own[ALLOWANCE_KINDS][ALLOWANCE_PLACES];
	/* Whose the process is; NULL: nobody's. */
	struct allowance_owner (*owner_of)(void *context, pid_t pid);
	void *context;
	uint64_t spent_ns; /* so far, by CPU time */
	uint64_t refused; /* so much was not looked at, as it was used up */
};

/* Whether there is some for what process pid waits for. */
bool allowance_is_left(struct allowance *allowance, pid_t pid, uint64_t now_ns);
/* And so much that something is left for what matters more. */
bool allowance_is_ample(struct allowance *allowance, pid_t pid, uint64_t now_ns);
/* spent_ns: of CPU time. */
void allowance_pay(struct allowance *allowance, pid_t pid, uint64_t now_ns, uint64_t spent_ns);

#endif
