// SPDX-License-Identifier: GPL-2.0-or-later
/* frame_pointers.c - how far a chain of frame pointers is believed. */
#include "capture/frame_pointers.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

#define STACK_BYTES  (8ull << 20) /* a frame pointer further away is none */
#define WINDOW_BYTES 2048u /* some twenty frames */

/* What was read of the stack last. */
struct window {
	uint64_t addr;
	size_t bytes;
	unsigned char v[WINDOW_BYTES];
};

/* The caller's frame pointer, and where it goes on. */
struct record {
	uint64_t fp;
	uint64_t ip;
};

static bool read_record(const struct memory *memory, struct window *window, uint64_t addr,
			struct record *record)
{
	uint64_t at = addr - window->addr;
	ssize_t got;

	if (at >= window->bytes || sizeof(*record) > window->bytes - at) {
		got = memory_read_most(memory, addr, window->v, sizeof(window->v));
		if (got < (ssize_t)sizeof(*record))
			return false;
		window->addr = addr;
		window->bytes = (size_t)got;
		at = 0;
	}
	memcpy(record, window->v + at, sizeof(*record));
	return true;
}

size_t frame_pointers_walk(const struct memory *memory, const struct innermost_frame *from,
			   uint64_t *frames, size_t max)
{
	uint64_t fp = from->fp, floor = from->sp;
	struct window window = { .bytes = 0 };
	struct record record;
	size_t nr = 0;

	if (from->ip && max)
		frames[nr++] = from->ip;
	while (nr < max && fp >= floor && fp - from->sp < STACK_BYTES &&
	       !(fp % sizeof(record.fp)) && read_record(memory, &window, fp, &record) &&
	       record.ip) {
		frames[nr++] = record.ip;
		floor = fp + sizeof(record);
		fp = record.fp;
	}
	return nr;
}
