/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ranges.h - address ranges of which the one added last wins where several overlap.
 *
 * Memory is bounded: beyond it the ones added first are forgotten, and counted.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_RANGES_H
#define BLOCKPROF_SYMBOL_CHILD_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX (1u << 18)

struct ranges;

struct range {
	uint64_t start;
	uint64_t end; /* first address behind it; above start */
	uint32_t value;
	uint32_t order; /* set by ranges_add(): larger is later */
};

int ranges_new(struct ranges **out);
void ranges_free(struct ranges *ranges);

/* 0 or -ENOMEM. */
int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t value);
/* After many were added: they will be found faster. 0 or -ENOMEM. */
int ranges_settle(struct ranges *ranges);
/* The part that is visible of the range at addr. */
bool ranges_find(const struct ranges *ranges, uint64_t addr, struct range *out);
/* All that is visible, sorted; values may be changed. The order of adding stays. 0 or -ENOMEM. */
int ranges_all(struct ranges *ranges, struct range **v, size_t *nr);
/* Ranges that were forgotten for want of room. */
uint64_t ranges_cut(const struct ranges *ranges);
size_t ranges_bytes(const struct ranges *ranges);

#endif
