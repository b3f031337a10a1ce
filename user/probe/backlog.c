// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backlog.c - a ring of records that are never split: one that does not fit before
 * the end begins at the start, and what is left at the end stays unused.
 */
#include "probe/backlog.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN 8
/* Of a backlog that was longer once so much stays in memory. */
#define KEPT_BYTES (1u << 20)

struct entry {
	uint64_t bytes;
	uint64_t tag;
	unsigned char record[];
};

struct backlog {
	unsigned char *memory;
	size_t capacity;
	size_t head; /* of the first record; head == tail: there is none */
	size_t tail; /* where the next one goes, never up to head from below */
	size_t end; /* below head: records from head on end here */
	size_t used; /* of memory, since it was given back */
};

static size_t entry_bytes(size_t bytes)
{
	return (sizeof(struct entry) + bytes + ALIGN - 1) / ALIGN * ALIGN;
}

bool backlog_fits(const struct backlog *backlog, size_t bytes)
{
	size_t need;

	if (bytes > backlog->capacity)
		return false;
	need = entry_bytes(bytes);
	if (backlog->tail < backlog->head)
		return need < backlog->head - backlog->tail;
	return need <= backlog->capacity - backlog->tail || need < backlog->head;
}

void backlog_add(struct backlog *backlog, const void *record, size_t bytes, uint64_t tag)
{
	size_t need = entry_bytes(bytes);
	struct entry *entry;

	if (backlog->tail >= backlog->head && need > backlog->capacity - backlog->tail) {
		backlog->end = backlog->tail;
		backlog->tail = 0;
	}
	entry = (struct entry *)(backlog->memory + backlog->tail);
	entry->bytes = bytes;
	entry->tag = tag;
	memcpy(entry->record, record, bytes);
	backlog->tail += need;
	if (backlog->tail > backlog->used)
		backlog->used = backlog->tail;
}

const void *backlog_first(const struct backlog *backlog, size_t *bytes)
{
	const struct entry *entry = (const struct entry *)(backlog->memory + backlog->head);

	if (backlog->head == backlog->tail)
		return NULL;
	*bytes = entry->bytes;
	return entry->record;
}

uint64_t backlog_first_tag(const struct backlog *backlog)
{
	const struct entry *entry = (const struct entry *)(backlog->memory + backlog->head);

	return entry->tag;
}

void backlog_drop(struct backlog *backlog)
{
	const struct entry *entry = (const struct entry *)(backlog->memory + backlog->head);

	backlog->head += entry_bytes(entry->bytes);
	if (backlog->tail < backlog->head && backlog->head == backlog->end)
		backlog->head = 0;
	if (backlog->head != backlog->tail)
		return;
	backlog->head = backlog->tail = 0;
	if (backlog->used > KEPT_BYTES) {
		madvise(backlog->memory + KEPT_BYTES, backlog->capacity - KEPT_BYTES,
			MADV_DONTNEED);
		backlog->used = KEPT_BYTES;
	}
}

int backlog_new(struct backlog **out, size_t capacity_bytes)
{
	struct backlog *backlog = calloc(1, sizeof(*backlog));

	if (!backlog)
		return -ENOMEM;
	backlog->capacity = capacity_bytes;
	backlog->memory = mmap(NULL, capacity_bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (backlog->memory == MAP_FAILED) {
		free(backlog);
		return -ENOMEM;
	}
	madvise(backlog->memory, capacity_bytes, MADV_DONTFORK);
	*out = backlog;
	return 0;
}

void backlog_free(struct backlog *backlog)
{
	if (!backlog)
		return;
	munmap(backlog->memory, backlog->capacity);
	free(backlog);
}
