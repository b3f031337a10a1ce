/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages.h - memory read in blocks, of pages or of a part of one, and kept for a while, where a great
 * many small objects that lie close together are read: each read of its own
 * would be a question to another process (reader/).
 */
#ifndef BLOCKPROF_BASE_PAGES_H
#define BLOCKPROF_BASE_PAGES_H

#include "base/memory.h"

struct pages;

#define PAGES_BLOCK_MAX 65536u

/*
 * below is copied; its source outlives them. Read in blocks of block_bytes (a power of
 * two, at most PAGES_BLOCK_MAX), of which at most blocks_max are kept. NULL: no memory.
 */
struct pages *pages_new(const struct memory *below, size_t block_bytes, size_t blocks_max);
void pages_free(struct pages *pages);

/* Reads through it; valid as long as pages are. */
struct memory pages_memory(struct pages *pages);
/*
 * What of these pieces is not there yet is read in one question, before it is asked for:
 * that costs far less than a question each, also where some of it nobody wants. Their buf
 * is left alone.
 */
void pages_ahead(struct pages *pages, const struct memory_piece *pieces, size_t nr);
/* What was read is forgotten: the next reads show what is there then. */
void pages_forget(struct pages *pages);

#endif
