/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patience.h - for how long an answer is waited for, and how much of that time who was asked slept. */
#ifndef BLOCKPROF_READER_PATIENCE_H
#define BLOCKPROF_READER_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of all answers together. Start with zeroes. Times by clock_now_ns(). */
struct patience {
	uint64_t spent_ns; /* on readers that slept, and that is not over again yet */
	uint64_t at_ns;
};

/* How long a reader may sleep over its answer now. */
uint64_t patience_left(struct patience *patience, uint64_t now_ns);
void patience_spend(struct patience *patience, uint64_t now_ns, uint64_t slept_ns);

/* How long it has run, or been ready to, since it began; 0: the kernel does not say. */
uint64_t patience_awake_ns(pid_t reader);
/* Is it ready to run, or does it? */
bool patience_is_awake(pid_t reader);

#endif
