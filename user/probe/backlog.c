// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backlog.c - how records of any size lie in blocks of one size: what one queue keeps
 * for long is never between others and the memory that they have left.
 */
#include "probe/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES 256
/* Of a backlog that was longer once so much stays in memory. */
#define KEPT_BYTES (1u << 20)

struct block {
	uint32_t next; /* of the record, or free like this one; 0: none */
	uint32_t bytes; /* of the record, in its first block */
	uint32_t following; /* the next record's first block; likewise */
	uint32_t pad;
	uint64_t tag; /* likewise */
	unsigned char data[BLOCK_BYTES - 24];
};

_Static_assert(sizeof(struct block) == BLOCK_BYTES, "data is not aligned");

struct backlog {
	struct block *blocks; /* 0 is none */
	uint32_t nr;
	uint32_t used;
	uint32_t
		fresh; /* this one, and those behind it, were not used since memory was given back */
	uint32_t free; /* the first of those that were */
	unsigned char *whole; /* a record of several blocks */
	size_t whole_bytes;
};

static size_t blocks_of(size_t bytes)
{
	size_t room = sizeof(((struct block *)0)->data);

	return bytes ? (bytes + room - 1) / room : 1;
}

size_t backlog_room(size_t bytes)
{
	return blocks_of(bytes) * BLOCK_BYTES;
}

bool backlog_fits(const struct backlog *backlog, size_t bytes)
{
	return bytes <= backlog->whole_bytes && blocks_of(bytes) <= backlog->nr - 1 - backlog->used;
}

static uint32_t take_block(struct backlog *backlog)
{
	uint32_t taken = backlog->free;

	if (taken)
		backlog->free = backlog->blocks[taken].next;
	else
		taken = backlog->fresh++;
	backlog->used++;
	backlog->blocks[taken].next = 0;
	return taken;
}

void backlog_add(struct backlog *backlog, struct backlog_queue *queue, const void *record,
		 size_t bytes, uint64_t tag)
{
	const unsigned char *from = record;
	uint32_t first = take_block(backlog), at = first;
	struct block *block = &backlog->blocks[first];

	block->bytes = (uint32_t)bytes;
	block->following = 0;
	block->tag = tag;
	for (;;) {
		size_t part = bytes < sizeof(block->data) ? bytes : sizeof(block->data);

		memcpy(block->data, from, part);
		from += part;
		bytes -= part;
		if (!bytes)
			break;
		at = block->next = take_block(backlog);
		block = &backlog->blocks[at];
	}
	if (queue->last)
		backlog->blocks[queue->last].following = first;
	else
		queue->first = first;
	queue->last = first;
}

const void *backlog_first(struct backlog *backlog, const struct backlog_queue *queue, size_t *bytes)
{
	const struct block *block = &backlog->blocks[queue->first];
	size_t left = block->bytes, at = 0;

	if (!queue->first)
		return NULL;
	*bytes = left;
	if (!block->next)
		return block->data;
	for (;; block = &backlog->blocks[block->next]) {
		size_t part = left < sizeof(block->data) ? left : sizeof(block->data);

		memcpy(backlog->whole + at, block->data, part);
		at += part;
		left -= part;
		if (!left)
			return backlog->whole;
	}
}

uint64_t backlog_first_tag(const struct backlog *backlog, const struct backlog_queue *queue)
{
	return backlog->blocks[queue->first].tag;
}

/* Nothing waits: the next one begins where memory is kept. */
static void give_back(struct backlog *backlog)
{
	size_t had = backlog->fresh * (size_t)BLOCK_BYTES;

	backlog->fresh = 1;
	backlog->free = 0;
	if (had > KEPT_BYTES)
		madvise((unsigned char *)backlog->blocks + KEPT_BYTES, had - KEPT_BYTES,
			MADV_DONTNEED);
}

void backlog_drop(struct backlog *backlog, struct backlog_queue *queue)
{
	struct block *blocks = backlog->blocks;
	uint32_t first = queue->first, last = first;

	queue->first = blocks[first].following;
	if (!queue->first)
		queue->last = 0;
	backlog->used--;
	for (; blocks[last].next; last = blocks[last].next)
		backlog->used--;
	blocks[last].next = backlog->free;
	backlog->free = first;
	if (!backlog->used)
		give_back(backlog);
}

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_DONTFORK);
	return memory;
}

int backlog_new(struct backlog **out, size_t capacity_bytes, size_t record_bytes_max)
{
	struct backlog *backlog = calloc(1, sizeof(*backlog));

	if (!backlog)
		return -ENOMEM;
	backlog->nr = (uint32_t)(capacity_bytes / BLOCK_BYTES);
	backlog->fresh = 1;
	backlog->whole_bytes = record_bytes_max;
	backlog->blocks = map(backlog->nr * (size_t)BLOCK_BYTES);
	backlog->whole = map(record_bytes_max);
	if (!backlog->blocks || !backlog->whole) {
		backlog_free(backlog);
		return -ENOMEM;
	}
	*out = backlog;
	return 0;
}

void backlog_free(struct backlog *backlog)
{
	if (!backlog)
		return;
	if (backlog->blocks)
		munmap(backlog->blocks, backlog->nr * (size_t)BLOCK_BYTES);
	if (backlog->whole)
		munmap(backlog->whole, backlog->whole_bytes);
	free(backlog);
}
