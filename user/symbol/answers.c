// SPDX-License-Identifier: GPL-2.0-or-later
/* answers.c - open addressing, with the names one behind the other in one block. */
#include "symbol/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	  16384 /* a power of two */
#define FULL	  (SLOTS / 4 * 3)
#define NAMES_MAX (2u << 20)

struct slot {
	uint64_t offset;
	uint64_t vaddr;
	uint64_t symbol_offset;
	uint32_t file; /* 0: empty */
	uint32_t name; /* in names; 0: no function */
	bool is_return;
	bool after_call;
};

struct answers {
	struct slot slots[SLOTS];
	size_t nr;
	char *names;
	size_t names_bytes;
	size_t names_capacity;
};

static size_t hash(const struct place *place)
{
	uint64_t key = place->offset * 2 + place->is_return + ((uint64_t)place->file << 40);

	/* The multiplier of Fibonacci hashing: 2^64 over the golden ratio. */
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & (SLOTS - 1);
}

static size_t slot_of(const struct answers *answers, const struct place *place)
{
	size_t i = hash(place);

	/* Ends: the table is never full. */
	while (answers->slots[i].file != 0 && (answers->slots[i].file != place->file ||
					       answers->slots[i].offset != place->offset ||
					       answers->slots[i].is_return != place->is_return))
		i = (i + 1) & (SLOTS - 1);
	return i;
}

bool answers_find(const struct answers *answers, const struct place *place, struct known *out)
{
	const struct slot *slot = &answers->slots[slot_of(answers, place)];

	if (slot->file == 0)
		return false;
	out->name = slot->name ? answers->names + slot->name : NULL;
	out->vaddr = slot->vaddr;
	out->symbol_offset = slot->symbol_offset;
	out->after_call = slot->after_call;
	return true;
}

static int make_room(struct answers *answers, size_t bytes)
{
	size_t capacity = answers->names_capacity;
	char *names;

	if (answers->nr == FULL || answers->names_bytes + bytes > NAMES_MAX)
		answers_clear(answers);
	if (answers->names_bytes + bytes <= capacity)
		return 0;
	capacity = capacity * 2 + bytes + 4096;
	names = realloc(answers->names, capacity);
	if (!names)
		return -ENOMEM;
	answers->names = names;
	answers->names_capacity = capacity;
	return 0;
}

int answers_add(struct answers *answers, const struct place *place, struct known *known)
{
	size_t bytes = known->name ? strlen(known->name) + 1 : 0;
	struct slot *slot;
	int err = make_room(answers, bytes);

	if (err)
		return err;
	slot = &answers->slots[slot_of(answers, place)];
	if (slot->file == 0)
		answers->nr++;
	*slot = (struct slot){
		.offset = place->offset,
		.vaddr = known->vaddr,
		.symbol_offset = known->symbol_offset,
		.file = place->file,
		.is_return = place->is_return,
		.after_call = known->after_call,
	};
	if (!bytes)
		return 0;
	slot->name = (uint32_t)answers->names_bytes;
	memcpy(answers->names + slot->name, known->name, bytes);
	answers->names_bytes += bytes;
	known->name = answers->names + slot->name;
	return 0;
}

void answers_clear(struct answers *answers)
{
	memset(answers->slots, 0, sizeof(answers->slots));
	answers->nr = 0;
	answers->names_bytes = 1; /* 0 stands for no name */
}

int answers_new(struct answers **out)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	if (!answers)
		return -ENOMEM;
	answers->names_bytes = 1;
	*out = answers;
	return 0;
}

void answers_free(struct answers *answers)
{
	if (!answers)
		return;
	free(answers->names);
	free(answers);
}
