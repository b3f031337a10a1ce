// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_spaces.c - how many processes' mappings are kept, and how one is found. */
#include "symbol/child/unwind/unwind_spaces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define SPACES_MAX 64
#define SPOTS_MAX  65536 /* of all spaces */

struct unwind_space {
	uint64_t id;
	uint64_t used; /* spaces->uses when it was asked last */
	size_t nr;
	size_t capacity;
	struct unwind_spot *v;
};

struct unwind_spaces {
	size_t nr;
	size_t spots; /* room for, in all */
	uint64_t uses;
	uint64_t expired; /* uses, as unwind_spaces_expire() was called last */
	struct unwind_space v[SPACES_MAX];
};

static struct unwind_space *find(struct unwind_spaces *spaces, uint64_t id)
{
	for (size_t i = 0; i < spaces->nr; i++)
		if (spaces->v[i].id == id)
			return &spaces->v[i];
	return NULL;
}

struct unwind_space *unwind_spaces_get(struct unwind_spaces *spaces, uint64_t id)
{
	struct unwind_space *space = find(spaces, id);

	if (space)
		space->used = ++spaces->uses;
	return space;
}

static void drop(struct unwind_spaces *spaces, struct unwind_space *space)
{
	spaces->spots -= space->capacity;
	free(space->v);
	*space = spaces->v[--spaces->nr];
}

static void drop_oldest(struct unwind_spaces *spaces)
{
	struct unwind_space *oldest = &spaces->v[0];

	for (size_t i = 1; i < spaces->nr; i++)
		if (spaces->v[i].used < oldest->used)
			oldest = &spaces->v[i];
	drop(spaces, oldest);
}

static struct unwind_space *begin(struct unwind_spaces *spaces, uint64_t id)
{
	struct unwind_space *space = find(spaces, id);

	if (space)
		drop(spaces, space);
	while (spaces->nr == SPACES_MAX ||
	       (spaces->nr && spaces->spots > SPOTS_MAX - UNWIND_MAPPINGS_MAX))
		drop_oldest(spaces);
	space = &spaces->v[spaces->nr++];
	*space = (struct unwind_space){ .id = id, .used = ++spaces->uses };
	return space;
}

static bool follows(const struct unwind_space *space, const struct unwind_mapping *mapping)
{
	return mapping->start < mapping->end &&
	       (space->nr == 0 || space->v[space->nr - 1].end <= mapping->start);
}

int unwind_spaces_add(struct unwind_spaces *spaces, uint64_t id, uint64_t first,
		      const struct unwind_mapping *mappings, size_t nr)
{
	struct unwind_space *space = first ? find(spaces, id) : begin(spaces, id);
	struct unwind_spot *v;

	if (!space || space->nr != first)
		return -ENOENT;
	if (nr > UNWIND_MAPPINGS_MAX - space->nr)
		return -E2BIG;
	v = realloc(space->v, (space->nr + nr + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	spaces->spots += space->nr + nr + 1 - space->capacity;
	space->capacity = space->nr + nr + 1;
	space->v = v;
	for (size_t i = 0; i < nr; i++) {
		if (!follows(space, &mappings[i]))
			return -EINVAL;
		v[space->nr++] = (struct unwind_spot){
			.start = mappings[i].start,
			.end = mappings[i].end,
			.offset = mappings[i].offset,
			.file = mappings[i].has_file ? SPACE_FILE_UNKNOWN : SPACE_FILE_NONE,
		};
	}
	return 0;
}

struct unwind_spot *unwind_space_find(struct unwind_space *space, uint64_t addr)
{
	size_t low = 0, high = space->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->v[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < space->nr && space->v[low].start <= addr ? &space->v[low] : NULL;
}

void unwind_spaces_expire(struct unwind_spaces *spaces)
{
	for (size_t i = spaces->nr; i-- > 0;)
		if (spaces->v[i].used <= spaces->expired)
			drop(spaces, &spaces->v[i]);
	spaces->expired = spaces->uses;
}

int unwind_spaces_new(struct unwind_spaces **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void unwind_spaces_free(struct unwind_spaces *spaces)
{
	if (!spaces)
		return;
	while (spaces->nr)
		drop(spaces, &spaces->v[0]);
	free(spaces);
}
