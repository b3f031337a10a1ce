// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/python/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES  4096u
#define BLOCK_PAGES 16u
#define BLOCK_BYTES (BLOCK_PAGES * PAGE_BYTES)
/* 64 MiB of target memory at a time: what 100,000 tasks take. */
#define BLOCKS_MAX 1024u
#define SLOTS	   (2 * BLOCKS_MAX)

struct block {
	uint64_t addr;
	uint16_t valid; /* bit for each page */
	bool apart; /* not all of it is mapped: pages are read one by one */
	unsigned char bytes[BLOCK_BYTES];
};

_Static_assert(BLOCK_PAGES == 16, "a bit for each page");

struct py_pages {
	struct py_memory below;
	struct block *slots[SLOTS]; /* by hash of the address, open addressing */
	size_t nr;
};

struct py_pages *py_pages_new(const struct py_memory *below)
{
	struct py_pages *pages = calloc(1, sizeof(*pages));

	if (pages)
		pages->below = *below;
	return pages;
}

void py_pages_forget(struct py_pages *pages)
{
	for (size_t i = 0; i < SLOTS; i++) {
		free(pages->slots[i]);
		pages->slots[i] = NULL;
	}
	pages->nr = 0;
}

void py_pages_free(struct py_pages *pages)
{
	if (!pages)
		return;
	py_pages_forget(pages);
	free(pages);
}

static struct block *block_at(struct py_pages *pages, uint64_t addr)
{
	/* Fibonacci hashing of the block's number */
	size_t at = (addr / BLOCK_BYTES * 0x9e3779b97f4a7c15ull >> 32) % SLOTS;
	struct block *block;

	for (; pages->slots[at]; at = (at + 1) % SLOTS)
		if (pages->slots[at]->addr == addr)
			return pages->slots[at];
	if (pages->nr == BLOCKS_MAX) {
		py_pages_forget(pages);
		return block_at(pages, addr);
	}
	block = malloc(sizeof(*block));
	if (!block)
		return NULL;
	block->addr = addr;
	block->valid = 0;
	block->apart = false;
	pages->slots[at] = block;
	pages->nr++;
	return block;
}

/* The page of a block, read if it has to be. */
static int page_of(struct py_pages *pages, struct block *block, unsigned int page)
{
	unsigned char *bytes = block->bytes + page * PAGE_BYTES;
	int err;

	if (block->valid & 1u << page)
		return 0;
	if (!block->apart &&
	    !py_read(&pages->below, block->addr, block->bytes, sizeof(block->bytes))) {
		block->valid = UINT16_MAX;
		return 0;
	}
	block->apart = true;
	err = py_read(&pages->below, block->addr + page * PAGE_BYTES, bytes, PAGE_BYTES);
	if (!err)
		block->valid |= 1u << page;
	return err;
}

static int read_pages(void *context, uint64_t addr, void *buf, size_t size)
{
	struct py_pages *pages = context;
	size_t done = 0;

	while (done < size) {
		uint64_t at = addr + done;
		unsigned int offset = at % BLOCK_BYTES, page = offset / PAGE_BYTES;
		size_t part = PAGE_BYTES - offset % PAGE_BYTES;
		struct block *block;
		int err;

		/* a block at address 0 cannot be asked for as a whole */
		if (at < BLOCK_BYTES)
			return py_read(&pages->below, at, (char *)buf + done, size - done);
		block = block_at(pages, at - offset);
		err = block ? page_of(pages, block, page) : -ENOMEM;
		if (err)
			return err;
		if (part > size - done)
			part = size - done;
		memcpy((char *)buf + done, block->bytes + offset, part);
		done += part;
	}
	return 0;
}

struct py_memory py_pages_memory(struct py_pages *pages)
{
	return (struct py_memory){ .read = read_pages, .context = pages };
}
