// SPDX-License-Identifier: GPL-2.0-or-later
/* keys.c - the hash table that finds a byte string again. */
#include "output/keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct key {
	uint64_t hash;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

struct keys {
	size_t max_keys;
	size_t *room;
	size_t bytes;
	size_t nr;
	size_t capacity; /* of v */
	size_t buckets; /* power of two, 2 * capacity */
	struct key **v;
	uint32_t *index; /* open addressing: position in v + 1, 0: free */
};

int keys_new(struct keys **out, size_t max_keys, size_t *room)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->max_keys = max_keys < UINT32_MAX / 4 ? max_keys : UINT32_MAX / 4;
	(*out)->room = room;
	return 0;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->nr; i++)
		free(keys->v[i]);
	free(keys->v);
	free(keys->index);
	free(keys);
}

static bool is_key(const struct key *key, uint64_t hash, const void *bytes, size_t size)
{
	return key->hash == hash && key->size == size && !memcmp(key->bytes, bytes, size);
}

/* The bucket of the key, or the free one where it belongs: there always is one. */
static uint32_t *find_bucket(struct keys *keys, uint64_t hash, const void *bytes, size_t size)
{
	size_t at = hash & (keys->buckets - 1);

	while (keys->index[at] && !is_key(keys->v[keys->index[at] - 1], hash, bytes, size))
		at = (at + 1) & (keys->buckets - 1);
	return &keys->index[at];
}

static int grow(struct keys *keys)
{
	size_t capacity = keys->capacity ? 2 * keys->capacity : 64;
	struct key **v;
	uint32_t *index;

	v = reallocarray(keys->v, capacity, sizeof(v[0]));
	if (!v)
		return -ENOMEM;
	keys->v = v;
	index = calloc(2 * capacity, sizeof(index[0]));
	if (!index)
		return -ENOMEM;
	free(keys->index);
	keys->index = index;
	keys->capacity = capacity;
	keys->buckets = 2 * capacity;
	for (size_t i = 0; i < keys->nr; i++) {
		const struct key *key = v[i];

		*find_bucket(keys, key->hash, key->bytes, key->size) = (uint32_t)i + 1;
	}
	return 0;
}

int keys_add(struct keys *keys, const void *bytes, size_t size, uint32_t *number)
{
	uint64_t hash = hash_bytes(HASH_START, bytes, size);
	struct key *key;
	uint32_t *bucket;

	if (keys->nr == keys->capacity && grow(keys))
		return -ENOMEM;
	bucket = find_bucket(keys, hash, bytes, size);
	if (*bucket) {
		*number = *bucket - 1;
		return 0;
	}
	if (keys->nr >= keys->max_keys || size > *keys->room)
		return -ENOSPC;
	key = malloc(sizeof(*key) + size);
	if (!key)
		return -ENOMEM;
	key->hash = hash;
	key->size = size;
	memcpy(key->bytes, bytes, size);
	*keys->room -= size;
	keys->bytes += size;
	*number = (uint32_t)keys->nr;
	keys->v[keys->nr++] = key;
	*bucket = (uint32_t)keys->nr;
	return 0;
}

int keys_find(struct keys *keys, const void *bytes, size_t size, uint32_t *number)
{
	uint64_t hash = hash_bytes(HASH_START, bytes, size);
	uint32_t found = keys->capacity ? *find_bucket(keys, hash, bytes, size) : 0;

	*number = found - 1;
	return found ? 0 : -ENOENT;
}

size_t keys_size(const struct keys *keys)
{
	return keys->nr;
}

size_t keys_bytes(const struct keys *keys)
{
	return keys->bytes;
}

const void *keys_at(const struct keys *keys, uint32_t number, size_t *size)
{
	if (size)
		*size = keys->v[number]->size;
	return keys->v[number]->bytes;
}
