/* SPDX-License-Identifier: GPL-2.0-or-later */
/* growth.h - whether a number keeps growing: a leak of threads or tasks, rather than a start or a burst. */
#ifndef BLOCKPROF_TOP_GROWTH_H
#define BLOCKPROF_TOP_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_STEPS   6
#define GROWTH_STEP_NS 2000000000ull

/* Starts as { 0 }. */
struct growth {
	uint64_t values[GROWTH_STEPS + 1]; /* oldest first, GROWTH_STEP_NS apart */
	unsigned int nr;
	uint64_t next_ns;
};

void growth_add(struct growth *growth, uint64_t value, uint64_t now_ns);
/* It rose in nearly every step and never fell. */
bool growth_is_steady(const struct growth *growth);

#endif
