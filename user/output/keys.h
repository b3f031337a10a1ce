/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys.h - byte strings, each kept once, and numbered from 0 on as they come. */
#ifndef BLOCKPROF_OUTPUT_KEYS_H
#define BLOCKPROF_OUTPUT_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct keys;

/* room: of bytes that are left, shared by all that are given it. 0 or -ENOMEM. */
int keys_new(struct keys **out, size_t max_keys, size_t *room);
void keys_free(struct keys *keys);
/* The number of the one that is the same, or of a new one. 0, -ENOSPC: a bound is reached, -ENOMEM. */
int keys_add(struct keys *keys, const void *bytes, size_t size, uint32_t *number);
/* Of the one that is the same. -ENOENT: there is none. */
int keys_find(struct keys *keys, const void *bytes, size_t size, uint32_t *number);
size_t keys_size(const struct keys *keys);
size_t keys_bytes(const struct keys *keys); /* of all of them */
/* Aligned for any type. size may be NULL. Valid as long as keys is. */
const void *keys_at(const struct keys *keys, uint32_t number, size_t *size);

#endif
