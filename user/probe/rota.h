/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rota.h - who of those that wait is next, so that each gets as much time as any other
 * (deficit round robin): what one takes longer than its time is taken off its next ones.
 */
#ifndef BLOCKPROF_PROBE_ROTA_H
#define BLOCKPROF_PROBE_ROTA_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define ROTA_ROUND_NS (2 * NS_PER_MS) /* for each, until the next one's turn */

struct turn {
	struct turn *next; /* of the last: the first */
	int64_t left_ns; /* of its time; below 0: of its next one, too */
};

/* Zeroes: nobody waits. */
struct rota {
	struct turn *last;
};

/* Behind all others. */
static inline void rota_join(struct rota *rota, struct turn *turn)
{
	turn->left_ns = ROTA_ROUND_NS;
	turn->next = rota->last ? rota->last->next : turn;
	if (rota->last)
		rota->last->next = turn;
	rota->last = turn;
}

/* Whose turn it is, until it has spent its time or leaves. NULL: nobody waits. */
static inline struct turn *rota_first(struct rota *rota)
{
	if (!rota->last)
		return NULL;
	while (rota->last->next->left_ns <= 0) {
		rota->last = rota->last->next;
		rota->last->left_ns += ROTA_ROUND_NS;
	}
	return rota->last->next;
}

/* It waits for nothing more; what it took too long is forgotten. Of the one whose turn it is that is soon done. */
static inline void rota_leave(struct rota *rota, const struct turn *leaves)
{
	struct turn *before = rota->last;

	while (before->next != leaves)
		before = before->next;
	if (before == leaves) {
		rota->last = NULL;
		return;
	}
	before->next = leaves->next;
	if (rota->last == leaves)
		rota->last = before;
}

#endif
