/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place_cache.h - what is known of places in files, by answers of the symbolizer:
 * bounded, what was asked for least recently goes first.
 */
#ifndef BLOCKPROF_SYMBOL_PLACE_CACHE_H
#define BLOCKPROF_SYMBOL_PLACE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_line;

struct place_cache;

struct place {
	uint32_t file; /* request.file */
	bool is_return;
	bool without_lines; /* by symbols alone */
	uint64_t offset; /* in the file */
};

/* What is known of a place. */
struct place_info {
	/* The functions there, innermost first; the last is no inlined one, "" when it is not known. */
	const struct symbol_line *lines;
	size_t nr_lines; /* 0: nothing is known */
	uint64_t vaddr;
	uint64_t symbol_offset;
	bool after_call;
};

int place_cache_new(struct place_cache **out);
void place_cache_free(struct place_cache *cache);
void place_cache_clear(struct place_cache *cache);
size_t place_cache_bytes(const struct place_cache *cache); /* of memory */

/* lines stay valid until the next place_cache_add(). */
bool place_cache_find(struct place_cache *cache, const struct place *place, struct place_info *out);
/* For a place that is not there. Lines are copied; info points at the copy then. 0 or -ENOMEM. */
int place_cache_add(struct place_cache *cache, const struct place *place, struct place_info *info);

#endif
