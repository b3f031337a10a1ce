// SPDX-License-Identifier: GPL-2.0-or-later
/* tally.c - the sums behind a tally, and their orders. */
#include "output/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "output/keys.h"

struct tally {
	size_t room; /* of keys: what is left */
	struct keys *keys;
	struct tally_entry *entries; /* by the number of their key */
	const struct tally_entry **sorted;
	size_t capacity; /* of both */
};

int tally_new(struct tally **out, size_t max_keys, size_t max_bytes)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	*out = NULL;
	if (!tally)
		return -ENOMEM;
	tally->room = max_bytes;
	if (keys_new(&tally->keys, max_keys, &tally->room)) {
		tally_free(tally);
		return -ENOMEM;
	}
	*out = tally;
	return 0;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	keys_free(tally->keys);
	free(tally->entries);
	free(tally->sorted);
	free(tally);
}

static int grow(struct tally *tally)
{
	size_t capacity = tally->capacity ? 2 * tally->capacity : 64;
	struct tally_entry *entries;
	const struct tally_entry **sorted;

	entries = reallocarray(tally->entries, capacity, sizeof(entries[0]));
	if (!entries)
		return -ENOMEM;
	tally->entries = entries;
	sorted = reallocarray(tally->sorted, capacity, sizeof(sorted[0]));
	if (!sorted)
		return -ENOMEM;
	tally->sorted = sorted;
	tally->capacity = capacity;
	return 0;
}

int tally_add_bytes(struct tally *tally, const void *key, size_t size, uint64_t ns, uint64_t count)
{
	size_t had = keys_size(tally->keys);
	struct tally_entry *entry;
	uint32_t number;
	int err;

	if (had == tally->capacity && grow(tally))
		return -ENOMEM;
	err = keys_add(tally->keys, key, size, &number);
	if (err)
		return err;
	entry = &tally->entries[number];
	if (number == had)
		*entry = (struct tally_entry){ keys_at(tally->keys, number, NULL), size, 0, 0 };
	entry->ns = add_saturated(entry->ns, ns);
	entry->count = add_saturated(entry->count, count);
	return 0;
}

const struct tally_entry *tally_find(struct tally *tally, const void *key, size_t size)
{
	uint32_t number;

	return keys_find(tally->keys, key, size, &number) ? NULL : &tally->entries[number];
}

int tally_add(struct tally *tally, const char *key, uint64_t ns, uint64_t count)
{
	return tally_add_bytes(tally, key, strlen(key) + 1, ns, count);
}

size_t tally_size(const struct tally *tally)
{
	return keys_size(tally->keys);
}

size_t tally_bytes(const struct tally *tally)
{
	return keys_bytes(tally->keys);
}

const struct tally_entry *tally_at(const struct tally *tally, size_t i)
{
	return &tally->entries[i];
}

static int compare_keys(const void *left, const void *right)
{
	const struct tally_entry *const *a = left, *const *b = right;
	size_t least = (*a)->size < (*b)->size ? (*a)->size : (*b)->size;
	int order = memcmp((*a)->key, (*b)->key, least);

	return order ? order : compare_numbers((*a)->size, (*b)->size);
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
	size_t nr = tally_size(tally);

	for (size_t i = 0; i < nr; i++)
		tally->sorted[i] = &tally->entries[i];
	if (nr)
		qsort(tally->sorted, nr, sizeof(tally->sorted[0]), compare);
	return tally->sorted;
}

const struct tally_entry *const *tally_by_key(struct tally *tally)
{
	return sort(tally, compare_keys);
}

const struct tally_entry *const *tally_by_ns(struct tally *tally)
{
	return sort(tally, compare_ns);
}
