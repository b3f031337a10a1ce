// SPDX-License-Identifier: GPL-2.0-or-later
/* pages.c - which pages of a target were read already, and what they held. */
#include "base/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES     4096u
#define UNITS_MAX      (PAGES_BLOCK_MAX / PAGE_BYTES)
#define BLOCKS_AT_ONCE 256 /* in one question */

struct block {
	uint64_t addr;
	uint16_t valid; /* bit for each unit */
	int error; /* of those that are not */
	unsigned char bytes[];
};

_Static_assert(UNITS_MAX == 16, "a bit for each");

struct pages {
	struct memory below;
	struct memory_source source;
	size_t block_bytes;
	size_t unit_bytes; /* of a block, that are there or not: a page, or less */
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

/* Not all of it is mapped. */
static void read_each_unit(struct pages *pages, struct block *block)
{
	struct memory_piece pieces[UNITS_MAX];
	size_t nr = pages->block_bytes / pages->unit_bytes;
	int err;

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ block->addr + i * pages->unit_bytes,
						   block->bytes + i * pages->unit_bytes,
						   pages->unit_bytes, 0 };
	err = memory_read_pieces(&pages->below, pieces, nr);
	if (err)
		block->error = err;
	for (size_t i = 0; i < nr; i++)
		block->valid |= (unsigned int)!pieces[i].error << i;
}

/* In one question where all of them are mapped. At most BLOCKS_AT_ONCE. */
static void read_blocks(struct pages *pages, struct block **blocks, size_t nr)
{
	struct memory_piece pieces[BLOCKS_AT_ONCE];

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ blocks[i]->addr, blocks[i]->bytes,
						   pages->block_bytes, 0 };
	memory_read_pieces(&pages->below, pieces, nr);
	for (size_t i = 0; i < nr; i++) {
		blocks[i]->error = pieces[i].error;
		blocks[i]->valid = pieces[i].error ? 0 : UINT16_MAX;
		if (pieces[i].error == -EFAULT && pages->block_bytes > pages->unit_bytes)
			read_each_unit(pages, blocks[i]);
	}
}

/* Where a block is, or is to be. */
static struct block **slot_of(struct pages *pages, uint64_t addr)
{
	/* Fibonacci hashing of the block's number */
	size_t at = (addr / pages->block_bytes * 0x9e3779b97f4a7c15ull >> 32) % pages->nr_slots;

	while (pages->slots[at] && pages->slots[at]->addr != addr)
		at = (at + 1) % pages->nr_slots;
	return &pages->slots[at];
}

/* One that is to be read yet. NULL: no memory. */
static struct block *add_block(struct pages *pages, struct block **slot, uint64_t addr)
{
	struct block *block = malloc(sizeof(*block) + pages->block_bytes);

	if (!block)
		return NULL;
	block->addr = addr;
	*slot = block;
	pages->nr++;
	return block;
}

static struct block *block_at(struct pages *pages, uint64_t addr)
{
	struct block **slot = slot_of(pages, addr), *block = *slot;

	if (block)
		return block;
	if (pages->nr == pages->max) {
		pages_forget(pages);
		slot = slot_of(pages, addr);
	}
	block = add_block(pages, slot, addr);
	if (block)
		read_blocks(pages, &block, 1);
	return block;
}

/* A block at address 0 cannot be asked for as a whole; and what is large is read at once. */
static bool is_by_block(const struct pages *pages, uint64_t addr, size_t size)
{
	return addr >= pages->block_bytes && (size <= pages->block_bytes || size <= PAGE_BYTES);
}

/* Blocks that are to be read. */
struct missing {
	struct pages *pages;
	struct block *v[BLOCKS_AT_ONCE];
	size_t nr;
};

static void read_now(struct missing *missing)
{
	if (missing->nr)
		read_blocks(missing->pages, missing->v, missing->nr);
	missing->nr = 0;
}

/* How many blocks a piece lies in; 0: it is not read so. */
static size_t blocks_of(const struct pages *pages, const struct memory_piece *piece)
{
	if (!piece->bytes || !is_by_block(pages, piece->addr, piece->bytes))
		return 0;
	return (piece->addr % pages->block_bytes + piece->bytes - 1) / pages->block_bytes + 1;
}

static uint64_t nth_block(const struct pages *pages, const struct memory_piece *piece, size_t nth)
{
	return piece->addr - piece->addr % pages->block_bytes + nth * pages->block_bytes;
}

/* One that two pieces lie in counts twice. */
static size_t count_missing(struct pages *pages, const struct memory_piece *piece)
{
	size_t blocks = blocks_of(pages, piece), missing = 0;

	for (size_t i = 0; i < blocks; i++)
		missing += !*slot_of(pages, nth_block(pages, piece, i));
	return missing;
}

static void note_missing(struct missing *missing, const struct memory_piece *piece)
{
	struct pages *pages = missing->pages;
	size_t blocks = blocks_of(pages, piece);

	/* what there is no room for is read when it is its turn */
	for (size_t i = 0; i < blocks && pages->nr < pages->max; i++) {
		uint64_t addr = nth_block(pages, piece, i);
		struct block **slot = slot_of(pages, addr);

		if (*slot || !add_block(pages, slot, addr))
			continue;
		missing->v[missing->nr++] = *slot;
		if (missing->nr == BLOCKS_AT_ONCE)
			read_now(missing);
	}
}

void pages_ahead(struct pages *pages, const struct memory_piece *pieces, size_t nr)
{
	struct missing missing = { .pages = pages };
	size_t blocks = pages->nr;

	for (size_t i = 0; i < nr; i++)
		blocks += count_missing(pages, &pieces[i]);
	if (blocks > pages->max)
		pages_forget(pages);
	for (size_t i = 0; i < nr; i++)
		note_missing(&missing, &pieces[i]);
	read_now(&missing);
}

static int read_piece(struct pages *pages, uint64_t addr, void *buf, size_t size)
{
	size_t done = 0;

	if (!is_by_block(pages, addr, size))
		return memory_read(&pages->below, addr, buf, size);
	while (done < size) {
		uint64_t at = addr + done;
		size_t offset = at % pages->block_bytes;
		size_t part = pages->unit_bytes - offset % pages->unit_bytes;
		struct block *block = block_at(pages, at - offset);

		if (!block)
			return -ENOMEM;
		if (!(block->valid & 1u << offset / pages->unit_bytes))
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
	pages_ahead(context, pieces, nr);
	for (size_t i = 0; i < nr; i++)
		pieces[i].error =
			read_piece(context, pieces[i].addr, pieces[i].buf, pieces[i].bytes);
	return 0;
}

struct pages *pages_new(const struct memory *below, size_t block_bytes, size_t blocks_max)
{
	struct pages *pages = calloc(1, sizeof(*pages) + 2 * blocks_max * sizeof(struct block *));

	if (!pages)
		return NULL;
	pages->below = *below;
	pages->block_bytes = block_bytes;
	pages->unit_bytes = block_bytes < PAGE_BYTES ? block_bytes : PAGE_BYTES;
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
