// SPDX-License-Identifier: GPL-2.0-or-later
/* tally.c - the hash table behind a tally. */
#include "output/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct tally {
	size_t max_keys;
	size_t max_bytes;
	size_t bytes;
	size_t nr;
	size_t capacity; /* of entries */
	size_t buckets; /* power of two, 2 * capacity */
	struct tally_entry **entries;
	uint32_t *index; /* open addressing: position in entries + 1, 0: free */
};

int tally_new(struct tally **out, size_t max_keys, size_t max_bytes)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->max_keys = max_keys < UINT32_MAX / 4 ? max_keys : UINT32_MAX / 4;
	(*out)->max_bytes = max_bytes;
	return 0;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->nr; i++)
		free(tally->entries[i]);
	free(tally->entries);
	free(tally->index);
	free(tally);
}

/* The bucket of the key, or the free one where it belongs: there always is one. */
static uint32_t *find_bucket(struct tally *tally, uint64_t hash, const char *key)
{
	size_t at = hash & (tally->buckets - 1);

	while (tally->index[at]) {
		const struct tally_entry *entry = tally->entries[tally->index[at] - 1];

		if (entry->hash == hash && strcmp(entry->key, key) == 0)
			break;
		at = (at + 1) & (tally->buckets - 1);
	}
	return &tally->index[at];
}

static void rebuild_index(struct tally *tally)
{
	memset(tally->index, 0, tally->buckets * sizeof(tally->index[0]));
	for (size_t i = 0; i < tally->nr; i++) {
		const struct tally_entry *entry = tally->entries[i];

		*find_bucket(tally, entry->hash, entry->key) = (uint32_t)i + 1;
	}
}

static int grow(struct tally *tally)
{
	size_t capacity = tally->capacity ? 2 * tally->capacity : 64;
	struct tally_entry **entries;
	uint32_t *index;

	entries = realloc(tally->entries, capacity * sizeof(entries[0]));
	if (!entries)
		return -ENOMEM;
	tally->entries = entries;
	index = realloc(tally->index, 2 * capacity * sizeof(index[0]));
	if (!index)
		return -ENOMEM;
	tally->index = index;
	tally->capacity = capacity;
	tally->buckets = 2 * capacity;
	rebuild_index(tally);
	return 0;
}

int tally_add(struct tally *tally, const char *key, uint64_t ns, uint64_t count)
{
	size_t bytes = strlen(key) + 1;
	uint64_t hash = hash_bytes(HASH_START, key, bytes);
	struct tally_entry *entry;
	uint32_t *bucket;

	if (tally->nr == tally->capacity && grow(tally))
		return -ENOMEM;
	bucket = find_bucket(tally, hash, key);
	if (*bucket) {
		entry = tally->entries[*bucket - 1];
		entry->ns = add_saturated(entry->ns, ns);
		entry->count = add_saturated(entry->count, count);
		return 0;
	}
	if (tally->nr >= tally->max_keys || bytes > tally->max_bytes - tally->bytes)
		return -ENOSPC;
	entry = malloc(sizeof(*entry) + bytes);
	if (!entry)
		return -ENOMEM;
	*entry = (struct tally_entry){ .hash = hash, .ns = ns, .count = count };
	memcpy(entry->key, key, bytes);
	tally->bytes += bytes;
	tally->entries[tally->nr++] = entry;
	*bucket = (uint32_t)tally->nr;
	return 0;
}

size_t tally_size(const struct tally *tally)
{
	return tally->nr;
}

static int compare_keys(const void *left, const void *right)
{
	const struct tally_entry *const *a = left, *const *b = right;

	return strcmp((*a)->key, (*b)->key);
}

static int compare_ns(const void *left, const void *right)
{
	const struct tally_entry *const *a = left, *const *b = right;

	if ((*a)->ns != (*b)->ns)
		return (*a)->ns < (*b)->ns ? 1 : -1;
	return compare_keys(left, right);
}

static const struct tally_entry *const *sort(struct tally *tally,
					     int (*compare)(const void *, const void *))
{
	if (tally->nr) {
		qsort(tally->entries, tally->nr, sizeof(tally->entries[0]), compare);
		rebuild_index(tally);
	}
	return (const struct tally_entry *const *)tally->entries;
}

const struct tally_entry *const *tally_by_key(struct tally *tally)
{
	return sort(tally, compare_keys);
}

const struct tally_entry *const *tally_by_ns(struct tally *tally)
{
	return sort(tally, compare_ns);
}
