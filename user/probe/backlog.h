/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - records that were taken out of the ring buffer and are not dealt
 * with yet: first in, first out, in a fixed amount of memory.
 */
#ifndef BLOCKPROF_PROBE_BACKLOG_H
#define BLOCKPROF_PROBE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

struct backlog;

/* 0 or -ENOMEM. Memory is used only as far as records come to lie in it, and not inherited by a child. */
int backlog_new(struct backlog **out, size_t capacity_bytes);
void backlog_free(struct backlog *backlog);

/* Whether a record of so many bytes can be added now. */
bool backlog_fits(const struct backlog *backlog, size_t bytes);
/* A copy of the record is the last one then. It fits. */
void backlog_add(struct backlog *backlog, const void *record, size_t bytes);

/* The first one, aligned to 8 bytes, which stays where it is until backlog_drop(). NULL: there is none. */
const void *backlog_first(const struct backlog *backlog, size_t *bytes);
void backlog_drop(struct backlog *backlog);

#endif
