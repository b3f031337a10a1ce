/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - records that were taken out of the ring buffer and have not been dealt
 * with: any number of queues, each first in, first out, in one fixed amount of memory.
 */
#ifndef BLOCKPROF_PROBE_BACKLOG_H
#define BLOCKPROF_PROBE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backlog;

/* Zeroes: an empty one. */
struct backlog_queue {
	uint32_t first;
	uint32_t last;
};

/* 0 or -ENOMEM. Only memory that records have lain in is used, and a child does not inherit it. */
int backlog_new(struct backlog **out, size_t capacity_bytes, size_t record_bytes_max);
void backlog_free(struct backlog *backlog);

/* What a record of so many bytes takes of it. */
size_t backlog_room(size_t bytes);
/* Whether a record of so many bytes can be added now, to whichever queue. */
bool backlog_fits(const struct backlog *backlog, size_t bytes);
/* Appends a copy of the record, which fits. tag: the caller's. */
void backlog_add(struct backlog *backlog, struct backlog_queue *queue, const void *record,
		 size_t bytes, uint64_t tag);

/*
 * A queue's first record, aligned to 8 bytes; it stays where it is until another's first is
 * asked for, or it is dropped. NULL: there is none.
 */
const void *backlog_first(struct backlog *backlog, const struct backlog_queue *queue,
			  size_t *bytes);
uint64_t backlog_first_tag(const struct backlog *backlog, const struct backlog_queue *queue);
void backlog_drop(struct backlog *backlog, struct backlog_queue *queue);

#endif
