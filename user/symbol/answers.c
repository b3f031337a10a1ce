// SPDX-License-Identifier: GPL-2.0-or-later
/* answers.c - a hash of places, each a block of memory, in the order of their use. */
#include "symbol/answers.h"

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

struct answers {
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
	return a->file == b->file && a->offset == b->offset && a->is_return == b->is_return;
}

static void detach(struct answers *answers, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &answers->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &answers->oldest) = entry->newer;
}

static void attach_newest(struct answers *answers, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = answers->newest;
	*(answers->newest ? &answers->newest->newer : &answers->oldest) = entry;
	answers->newest = entry;
}

static void drop_oldest(struct answers *answers)
{
	struct entry *entry = answers->oldest;
	struct entry **at = &answers->buckets[hash(&entry->place)];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	detach(answers, entry);
	answers->bytes -= entry->bytes;
	free(entry);
}

static void tell(const struct entry *entry, struct known *out)
{
	*out = (struct known){
		.lines = entry->lines,
		.nr_lines = entry->nr_lines,
		.vaddr = entry->vaddr,
		.symbol_offset = entry->symbol_offset,
		.after_call = entry->after_call,
	};
}

bool answers_find(struct answers *answers, const struct place *place, struct known *out)
{
	struct entry *entry = answers->buckets[hash(place)];

	while (entry && !same(&entry->place, place))
		entry = entry->next;
	if (!entry)
		return false;
	if (entry != answers->newest) {
		detach(answers, entry);
		attach_newest(answers, entry);
	}
	tell(entry, out);
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

static struct entry *entry_new(const struct place *place, const struct known *known)
{
	size_t bytes = sizeof(struct entry) + known->nr_lines * sizeof(struct symbol_line);
	struct entry *entry;
	char *at;

	for (size_t i = 0; i < known->nr_lines; i++) {
		const struct symbol_line *line = &known->lines[i];

		bytes += strlen(line->fn) + 1 + (line->file ? strlen(line->file) + 1 : 0);
	}
	entry = malloc(bytes);
	if (!entry)
		return NULL;
	*entry = (struct entry){
		.place = *place,
		.bytes = bytes + BLOCK_BYTES,
		.vaddr = known->vaddr,
		.symbol_offset = known->symbol_offset,
		.after_call = known->after_call,
		.nr_lines = known->nr_lines,
	};
	at = (char *)&entry->lines[known->nr_lines];
	for (size_t i = 0; i < known->nr_lines; i++) {
		const struct symbol_line *line = &known->lines[i];

		entry->lines[i] = (struct symbol_line){
			.fn = keep(&at, line->fn),
			.file = line->file ? keep(&at, line->file) : NULL,
			.line = line->line,
		};
	}
	return entry;
}

int answers_add(struct answers *answers, const struct place *place, struct known *known)
{
	struct entry **bucket = &answers->buckets[hash(place)];
	struct entry *entry = entry_new(place, known);

	if (!entry)
		return -ENOMEM;
	while (answers->oldest && answers->bytes + entry->bytes > BYTES_MAX)
		drop_oldest(answers);
	entry->next = *bucket;
	*bucket = entry;
	attach_newest(answers, entry);
	answers->bytes += entry->bytes;
	tell(entry, known);
	return 0;
}

void answers_clear(struct answers *answers)
{
	while (answers->oldest)
		drop_oldest(answers);
}

size_t answers_bytes(const struct answers *answers)
{
	return sizeof(*answers) + answers->bytes;
}

int answers_new(struct answers **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void answers_free(struct answers *answers)
{
	if (!answers)
		return;
	answers_clear(answers);
	free(answers);
}
