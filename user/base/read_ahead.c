// SPDX-License-Identifier: GPL-2.0-or-later
/* read_ahead.c - which of the questions that come later are answered by what was read. */
#include "base/read_ahead.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PAGE_BYTES 4096u /* the least that any machine has: the next one need not be there */

static bool answer(const struct read_ahead *ahead, struct memory_piece *wanted)
{
	for (size_t i = 0; i < ahead->nr; i++) {
		const struct memory_piece *piece = &ahead->pieces[i];
		uint64_t at = wanted->addr - piece->addr;

		if (piece->error || at >= piece->bytes || wanted->bytes > piece->bytes - at)
			continue;
		memcpy(wanted->buf, (const char *)piece->buf + at, wanted->bytes);
		wanted->error = 0;
		return true;
	}
	return false;
}

static int read_behind(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct read_ahead *ahead = context;
	size_t first = 0, end;
	int err = 0;

	(void)pid;
	/* as many at once as lie between two that are known */
	for (; first < nr && !err; first = end + 1) {
		for (end = first; end < nr && !answer(ahead, &pieces[end]);)
			end++;
		if (end > first)
			err = memory_read_pieces(&ahead->below, pieces + first, end - first);
	}
	return err;
}

struct memory read_ahead_of(struct read_ahead *ahead, const struct memory *below)
{
	ahead->source = *below->source;
	ahead->source.read = read_behind;
	ahead->source.context = ahead;
	ahead->below = *below;
	ahead->nr = ahead->used = 0;
	return (struct memory){ &ahead->source, below->pid };
}

void read_ahead_add(struct read_ahead *ahead, uint64_t addr, size_t bytes)
{
	size_t in_page = PAGE_BYTES - addr % PAGE_BYTES;

	if (bytes > in_page)
		bytes = in_page;
	if (ahead->nr == READ_AHEAD_PIECES || bytes > sizeof(ahead->bytes) - ahead->used)
		return;
	ahead->pieces[ahead->nr++] =
		(struct memory_piece){ addr, ahead->bytes + ahead->used, bytes, -EAGAIN };
	ahead->used += bytes;
}

void read_ahead_ask(struct read_ahead *ahead)
{
	if (ahead->nr)
		memory_read_pieces(&ahead->below, ahead->pieces, ahead->nr);
}
