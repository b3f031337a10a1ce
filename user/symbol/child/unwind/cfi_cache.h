/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi_cache.h - the files whose call frame information is at hand, and the rows
 * that were made of it: the same places are unwound through again and again.
 * It is dropped when it takes too much memory, the least recently used first; the
 * files' text stays at hand: rows that are left lead to places that are looked at.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_CACHE_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/child/unwind/cfi.h"

struct cfi_cache;

int cfi_cache_new(struct cfi_cache **out);
void cfi_cache_free(struct cfi_cache *cache);
/* Drops files that were not used since the last call. */
void cfi_cache_expire(struct cfi_cache *cache);

/* Takes fd, on failure too. 0, or as cfi_open(). Known files stay as they are. */
int cfi_cache_add(struct cfi_cache *cache, uint32_t file, int fd);
/* cfi_add_debug() of it. 0 or -ESTALE: the file is not at hand. */
int cfi_cache_add_debug(struct cfi_cache *cache, uint32_t file, int fd);
/* NULL: it is not at hand. Valid until the next cfi_cache_add(). */
struct cfi *cfi_cache_get(struct cfi_cache *cache, uint32_t file);
/* As cfi_text(). False also where the file is not at hand. */
bool cfi_cache_text(struct cfi_cache *cache, uint32_t file, uint64_t offset, void *bytes,
		    size_t nr);

/*
 * What cfi_row() said of what a file has at an offset: its result in *err. NULL: it has
 * not been asked, or that was forgotten. Valid until the next call.
 */
const struct cfi_row *cfi_cache_row(struct cfi_cache *cache, uint32_t file, uint64_t offset,
				    int *err);
/* The same, now asked. */
const struct cfi_row *cfi_cache_make_row(struct cfi_cache *cache, struct cfi *cfi, uint32_t file,
					 uint64_t offset, int *err);

#endif
