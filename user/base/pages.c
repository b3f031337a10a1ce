// SPDX-License-Identifier: GPL-2.0-or-later
/* pages.c - which pages of a target were read already, and what they held. */
#include "base/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

struct block {
	uint64_t addr;
	uint16_t valid; /* bit for each page */
	int error; /* of the pages that are not */
	unsigned char bytes[];
};

_Static_assert(PAGES_BLOCK_MAX == 16, "a bit for each page");

struct pages {
	struct memory below;
	struct memory_source source;
	unsigned int block_pages;
	size_t block_bytes;
	size_t nr, max;
	size_t nr_slots; /* twice as many as max */
	struct block *slots[]; /* by hash of the address, open addressing */
};

void pages_forget(struct pages *pages)
{
	for (size_t i = 0; pages->nr && i < pages->nr_slots; i++) {
		free(pages->slots[i]);
		pages->slots[i] = NULL;
	}
	pages->nr = 0;
}

void pages_free(struct pages *pages)
{
	if (!pages)
		return;
	pages_forget(pages);
	free(pages);
}

/* At once where all of it is mapped, else each page. */
static void read_block(struct pages *pages, struct block *block)
{
	struct memory_piece pieces[PAGES_BLOCK_MAX];
	int err;

	block->valid = 0;
	block->error = memory_read(&pages->below, block->addr, block->bytes, pages->block_bytes);
	if (!block->error)
		block->valid = UINT16_MAX;
	if (block->error != -EFAULT)
		return;
	for (unsigned int i = 0; i < pages->block_pages; i++)
		pieces[i] = (struct memory_piece){ block->addr + i * PAGE_BYTES,
						   block->bytes + i * PAGE_BYTES, PAGE_BYTES, 0 };
	err = memory_read_pieces(&pages->below, pieces, pages->block_pages);
	if (err)
		block->error = err;
	for (unsigned int i = 0; i < pages->block_pages; i++)
		block->valid |= (unsigned int)!pieces[i].error << i;
}

static struct block *block_at(struct pages *pages, uint64_t addr)
{
	/* Fibonacci hashing of the block's number */
	size_t at = (addr / pages->block_bytes * 0x9e3779b97f4a7c15ull >> 32) % pages->nr_slots;
	struct block *block;

	for (; pages->slots[at]; at = (at + 1) % pages->nr_slots)
		if (pages->slots[at]->addr == addr)
			return pages->slots[at];
	if (pages->nr == pages->max) {
		pages_forget(pages);
		return block_at(pages, addr);
	}
	block = malloc(sizeof(*block) + pages->block_bytes);
	if (!block)
		return NULL;
	block->addr = addr;
	read_block(pages, block);
	pages->slots[at] = block;
	pages->nr++;
	return block;
}

static int read_piece(struct pages *pages, uint64_t addr, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t at = addr + done;
		unsigned int offset = at % pages->block_bytes, page = offset / PAGE_BYTES;
		size_t part = PAGE_BYTES - offset % PAGE_BYTES;
		struct block *block;

		/* a block at address 0 cannot be asked for as a whole; and what is large is read at once */
		if (at < pages->block_bytes || size - done > pages->block_bytes)
			return memory_read(&pages->below, at, (char *)buf + done, size - done);
		block = block_at(pages, at - offset);
		if (!block)
			return -ENOMEM;
		if (!(block->valid & 1u << page))
			return block->error;
		if (part > size - done)
			part = size - done;
		memcpy((char *)buf + done, block->bytes + offset, part);
		done += part;
	}
	return 0;
}

static int read_pages(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	(void)pid;
	for (size_t i = 0; i < nr; i++)
		pieces[i].error =
			read_piece(context, pieces[i].addr, pieces[i].buf, pieces[i].bytes);
	return 0;
}

struct pages *pages_new(const struct memory *below, unsigned int block_pages, size_t blocks_max)
{
	struct pages *pages = calloc(1, sizeof(*pages) + 2 * blocks_max * sizeof(struct block *));

	if (!pages)
		return NULL;
	pages->below = *below;
	pages->block_pages = block_pages;
	pages->block_bytes = (size_t)block_pages * PAGE_BYTES;
	pages->max = blocks_max;
	pages->nr_slots = 2 * blocks_max;
	pages->source = (struct memory_source){ .read = read_pages,
						.context = pages,
						.files = below->source->files };
	return pages;
}

struct memory pages_memory(struct pages *pages)
{
	return (struct memory){ .source = &pages->source, .pid = pages->below.pid };
}
