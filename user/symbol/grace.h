/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grace.h - how long one that sleeps, and need never answer, is waited for by a watch of others.
 *
 * One may be slow, and is given its time. Where one after the other does not answer, those come
 * to as much together: each is waited for as long as is left of it, and what is used up comes
 * back slowly.
 */
#ifndef BLOCKPROF_SYMBOL_GRACE_H
#define BLOCKPROF_SYMBOL_GRACE_H

#include <stdint.h>

#include "base/clock.h"

#define GRACE_MOST_NS  (60 * NS_PER_MS)
#define GRACE_LEAST_NS (10 * NS_PER_MS) /* also when it is used up */
#define GRACE_PART     4 /* of the time comes back: one part in so many */

struct grace {
	uint64_t used_ns;
	uint64_t at_ns; /* when that was so */
};

static inline uint64_t grace_left_ns(struct grace *grace, uint64_t now_ns)
{
	uint64_t back_ns = (now_ns - grace->at_ns) / GRACE_PART;

	grace->used_ns -= back_ns < grace->used_ns ? back_ns : grace->used_ns;
	grace->at_ns = now_ns;
	return grace->used_ns + GRACE_LEAST_NS < GRACE_MOST_NS ? GRACE_MOST_NS - grace->used_ns
							       : GRACE_LEAST_NS;
}

/* One was waited for so long in vain. */
static inline void grace_use(struct grace *grace, uint64_t now_ns, uint64_t ns)
{
	grace_left_ns(grace, now_ns);
	grace->used_ns += ns;
	if (grace->used_ns > GRACE_MOST_NS)
		grace->used_ns = GRACE_MOST_NS;
}

#endif
