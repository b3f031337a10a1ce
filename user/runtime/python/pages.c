// SPDX-License-Identifier: GPL-2.0-or-later
/* pages.c - which pages of a target were read already, and what they held. */
#include "runtime/python/pages.h"

#include <errno.h>
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
	int error; /* of the pages that are not */
	unsigned char bytes[BLOCK_BYTES];
};

_Static_assert(BLOCK_PAGES == 16, "a bit for each page");

struct py_pages {
	struct memory below;
	struct memory_source source;
	struct block *slots[SLOTS]; /* by hash of the address, open addressing */
	size_t nr;
};

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

/* At once where all of it is mapped, else each page. */
static void read_block(struct py_pages *pages, struct block *block)
{
	struct memory_piece pieces[BLOCK_PAGES];
	int err;

	block->valid = 0;
	block->error = memory_read(&pages->below, block->addr, block->bytes, BLOCK_BYTES);
	if (!block->error)
		block->valid = UINT16_MAX;
	if (block->error != -EFAULT)
		return;
	for (unsigned int i = 0; i < BLOCK_PAGES; i++)
		pieces[i] = (struct memory_piece){ block->addr + i * PAGE_BYTES,
						   block->bytes + i * PAGE_BYTES, PAGE_BYTES, 0 };
	err = memory_read_pieces(&pages->below, pieces, BLOCK_PAGES);
	if (err)
		block->error = err;
	for (unsigned int i = 0; i < BLOCK_PAGES; i++)
		block->valid |= (unsigned int)!pieces[i].error << i;
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
	read_block(pages, block);
	pages->slots[at] = block;
	pages->nr++;
	return block;
}

static int read_piece(struct py_pages *pages, uint64_t addr, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t at = addr + done;
		unsigned int offset = at % BLOCK_BYTES, page = offset / PAGE_BYTES;
		size_t part = PAGE_BYTES - offset % PAGE_BYTES;
		struct block *block;

		/* a block at address 0 cannot be asked for as a whole */
		if (at < BLOCK_BYTES)
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

struct py_pages *py_pages_new(const struct memory *below)
{
	struct py_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->below = *below;
	pages->source = (struct memory_source){ .read = read_pages, .context = pages };
	return pages;
}

struct memory py_pages_memory(struct py_pages *pages)
{
	return (struct memory){ .source = &pages->source, .pid = pages->below.pid };
}
