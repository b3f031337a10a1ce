// SPDX-License-Identifier: GPL-2.0-or-later
/* place_cache.c - a hash of places, each a block of memory, in the order of their use. */
#include "symbol/place_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/symbol.h"

#define BUCKETS	  16384 /* a power of two */
#define BYTES_MAX (6u << 20)
/* What malloc() takes besides, about. */
#define BLOCK_BYTES 16

struct entry {
	struct entry *next; /* in its bucket */
	struct entry *newer;
	struct entry *older;
	struct place place;
	size_t bytes;
	uint64_t vaddr;
	uint64_t symbol_offset;
	bool after_call;
	size_t nr_lines;
	struct symbol_line lines[]; /* their strings are behind them */
};

struct place_cache {
	struct entry *buckets[BUCKETS];
	struct entry *newest;
	struct entry *oldest;
	size_t bytes;
};

static size_t hash(const struct place *place)
{
	uint64_t key = place->offset * 2 + place->is_return + ((uint64_t)place->file << 40);

	/* The multiplier of Fibonacci hashing: 2^64 over the golden ratio. */
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & (BUCKETS - 1);
}

static bool same(const struct place *a, const struct place *b)
{
	return a->file == b->file && a->offset == b->offset && a->is_return == b->is_return &&
	       a->without_lines == b->without_lines;
}

static void detach(struct place_cache *cache, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void attach_newest(struct place_cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void drop_oldest(struct place_cache *cache)
{
	struct entry *entry = cache->oldest;
	struct entry **at = &cache->buckets[hash(&entry->place)];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	detach(cache, entry);
	cache->bytes -= entry->bytes;
	free(entry);
}

static void read_entry(const struct entry *entry, struct place_info *out)
{
	*out = (struct place_info){
		.lines = entry->lines,
		.nr_lines = entry->nr_lines,
		.vaddr = entry->vaddr,
		.symbol_offset = entry->symbol_offset,
		.after_call = entry->after_call,
	};
}

bool place_cache_find(struct place_cache *cache, const struct place *place, struct place_info *out)
{
	struct entry *entry = cache->buckets[hash(place)];

	while (entry && !same(&entry->place, place))
		entry = entry->next;
	if (!entry)
		return false;
	if (entry != cache->newest) {
		detach(cache, entry);
		attach_newest(cache, entry);
	}
	read_entry(entry, out);
	return true;
}

static const char *keep(char **at, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *kept = *at;

	memcpy(kept, text, bytes);
	*at += bytes;
	return kept;
}

static struct entry *entry_new(const struct place *place, const struct place_info *info)
{
	size_t bytes = sizeof(struct entry) + info->nr_lines * sizeof(struct symbol_line);
	struct entry *entry;
	char *at;

	for (size_t i = 0; i < info->nr_lines; i++) {
		const struct symbol_line *line = &info->lines[i];

		bytes += strlen(line->fn) + 1 + (line->file ? strlen(line->file) + 1 : 0);
	}
	entry = malloc(bytes);
	if (!entry)
		return NULL;
	*entry = (struct entry){
		.place = *place,
		.bytes = bytes + BLOCK_BYTES,
		.vaddr = info->vaddr,
		.symbol_offset = info->symbol_offset,
		.after_call = info->after_call,
		.nr_lines = info->nr_lines,
	};
	at = (char *)&entry->lines[info->nr_lines];
	for (size_t i = 0; i < info->nr_lines; i++) {
		const struct symbol_line *line = &info->lines[i];

		entry->lines[i] = (struct symbol_line){
			.fn = keep(&at, line->fn),
			.file = line->file ? keep(&at, line->file) : NULL,
			.line = line->line,
		};
	}
	return entry;
}

int place_cache_add(struct place_cache *cache, const struct place *place, struct place_info *info)
{
	struct entry **bucket = &cache->buckets[hash(place)];
	struct entry *entry = entry_new(place, info);

	if (!entry)
		return -ENOMEM;
	while (cache->oldest && cache->bytes + entry->bytes > BYTES_MAX)
		drop_oldest(cache);
	entry->next = *bucket;
	*bucket = entry;
	attach_newest(cache, entry);
	cache->bytes += entry->bytes;
	read_entry(entry, info);
	return 0;
}

void place_cache_clear(struct place_cache *cache)
{
	while (cache->oldest)
		drop_oldest(cache);
}

size_t place_cache_bytes(const struct place_cache *cache)
{
	return sizeof(*cache) + cache->bytes;
}

int place_cache_new(struct place_cache **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void place_cache_free(struct place_cache *cache)
{
	if (!cache)
		return;
	place_cache_clear(cache);
	free(cache);
}
