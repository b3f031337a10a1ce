/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.h - sums and differences that stay within their range, comparisons, and a hash that is the same on every run. */
#ifndef BLOCKPROF_BASE_NUMBER_H
#define BLOCKPROF_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t subtract_saturated(uint64_t from, uint64_t number)
{
	return from > number ? from - number : 0;
}

/* For qsort(): -1, 0 or 1. */
static inline int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* FNV-1a, 64 bits: start with HASH_START, go on with what was returned. */
#define HASH_START 0xcbf29ce484222325u

static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}

#endif
