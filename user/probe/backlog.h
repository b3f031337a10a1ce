/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - records that were taken out of the ring buffer and have not been dealt
 * with: first in, first out, in a fixed amount of memory.
 */
#ifndef BLOCKPROF_PROBE_BACKLOG_H
#define BLOCKPROF_PROBE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backlog;

/* 0 or -ENOMEM. Only memory that records have lain in is used, and a child does not inherit it. */
int backlog_new(struct backlog **out, size_t capacity_bytes);
void backlog_free(struct backlog *backlog);

/* Whether a record of so many bytes can be added now. */
bool backlog_fits(const struct backlog *backlog, size_t bytes);
/* Appends a copy of the record, which fits. tag: the caller's. */
void backlog_add(struct backlog *backlog, const void *record, size_t bytes, uint64_t tag);

/* The first record, aligned to 8 bytes; it stays where it is until backlog_drop(). NULL: there is none. */
const void *backlog_first(const struct backlog *backlog, size_t *bytes);
uint64_t backlog_first_tag(const struct backlog *backlog);
void backlog_drop(struct backlog *backlog);

#endif
