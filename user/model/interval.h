/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interval.h - when the parts of a slice were: the longest of them. */
#ifndef BLOCKPROF_MODEL_INTERVAL_H
#define BLOCKPROF_MODEL_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#define INTERVALS_MAX 64

struct interval {
	uint64_t mono_ns; /* where it begins */
	uint64_t ns;
};

/* Zeroed: none. */
struct intervals {
	struct interval *v;
	size_t nr;
	uint64_t first_ns; /* where the first of all begins, also of those not kept; 0: not known */
};

/*
 * Adds one. It is one with an interval that ends at most gap_ns before it begins,
 * or 0: with none. Of more than INTERVALS_MAX the shortest is not kept; nor is this
 * one where memory is short.
 */
void intervals_add(struct intervals *intervals, struct interval interval, uint64_t gap_ns);
/* Adds all of from, which has none then. */
void intervals_take(struct intervals *intervals, struct intervals *from, uint64_t gap_ns);
/* Leaves what lies between these. */
void intervals_clip(struct intervals *intervals, uint64_t from_ns, uint64_t to_ns);
void intervals_sort(struct intervals *intervals); /* by where they begin */
int intervals_copy(struct intervals *to, const struct intervals *from); /* 0 or -ENOMEM */
void intervals_free(struct intervals *intervals);

#endif
