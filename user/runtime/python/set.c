// SPDX-License-Identifier: GPL-2.0-or-later
/* set.c - Objects/setobject.c: the table of a set, which may be made anew while it is read. */
#include "runtime/python/set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

/* PySetObject (Include/cpython/setobject.h), the same from 3.8 to 3.15. */
#define SET_HEADER  16
#define SET_MAX	    (1ull << 24) /* entries of a table that is believed */
#define TABLE_CHUNK 4096 /* entries read at a time */
#define TRIES	    8

/* A member that was removed: Objects/setobject.c, set_discard_entry(). */
#define HASH_DUMMY (-1)

struct set_header {
	uint64_t fill;
	uint64_t used;
	uint64_t mask;
	uint64_t table;
};

struct set_entry {
	uint64_t key;
	int64_t hash;
};

int py_objects_add(struct py_objects *objects, uint64_t object)
{
	if (objects->nr == objects->capacity) {
		size_t capacity = objects->capacity ? 2 * objects->capacity : 64;
		uint64_t *v = realloc(objects->v, capacity * sizeof(*v));

		if (!v)
			return -ENOMEM;
		objects->v = v;
		objects->capacity = capacity;
	}
	objects->v[objects->nr++] = object;
	return 0;
}

void py_objects_free(struct py_objects *objects)
{
	free(objects->v);
	*objects = (struct py_objects){ 0 };
}

static int set_header(const struct python *python, uint64_t set, struct set_header *header)
{
	char name[16];
	uint64_t type;
	int err = py_type_of(python, set, &type);

	if (!err)
		err = py_type_name(python, type, name, sizeof(name));
	if (err)
		return err;
	if (strcmp(name, "set") && strcmp(name, "frozenset"))
		return -EINVAL;
	err = memory_read(&python->memory, set + SET_HEADER, header, sizeof(*header));
	if (err)
		return err;
	if (header->mask & (header->mask + 1) || header->mask >= SET_MAX)
		return -EINVAL;
	return 0;
}

static int read_table(const struct python *python, const struct set_header *header,
		      struct set_entry *entries, size_t max, struct py_objects *out,
		      uint64_t *left_out)
{
	int err = 0;

	for (uint64_t at = 0; !err && at <= header->mask; at += TABLE_CHUNK) {
		size_t nr = header->mask + 1 - at;

		if (nr > TABLE_CHUNK)
			nr = TABLE_CHUNK;
		err = memory_read(&python->memory, header->table + at * sizeof(*entries), entries,
				  nr * sizeof(*entries));
		for (size_t i = 0; i < nr && !err; i++) {
			if (!entries[i].key || entries[i].hash == HASH_DUMMY)
				continue;
			if (out->nr < max)
				err = py_objects_add(out, entries[i].key);
			else
				++*left_out;
		}
	}
	return err;
}

/* Members come and go while it is read; a table that is being filled has far too few. */
static bool is_whole(const struct set_header *header, uint64_t found)
{
	return found + found / 8 + 8 >= header->used;
}

/* A set that grows, or is tidied up, has another table then. */
int py_set_read(const struct python *python, uint64_t set, size_t max, struct py_objects *out,
		uint64_t *left_out)
{
	struct set_entry *entries __freeing = malloc(TABLE_CHUNK * sizeof(*entries));
	uint64_t left_before = *left_out;
	struct set_header header, after;
	size_t first = out->nr;
	int err = entries ? -EAGAIN : -ENOMEM;

	for (int i = 0; i < TRIES && err == -EAGAIN; i++) {
		out->nr = first;
		*left_out = left_before;
		err = set_header(python, set, &header);
		if (!err)
			err = read_table(python, &header, entries, max, out, left_out);
		if (err && err != -EFAULT)
			break;
		if (set_header(python, set, &after) || after.mask != header.mask ||
		    after.table != header.table ||
		    !is_whole(&header, out->nr - first + *left_out - left_before))
			err = -EAGAIN;
	}
	return err;
}

int py_weak_set_data(struct python *python, uint64_t weak_set, uint64_t *set)
{
	return py_attribute(python, weak_set, "data", set);
}

void py_weak_deref(const struct python *python, struct py_objects *objects, size_t first)
{
	size_t kept = first;
	uint64_t object;

	for (size_t i = first; i < objects->nr; i++)
		if (!memory_read_ptr(&python->memory, objects->v[i] + PY_WEAKREF_OBJECT, &object) &&
		    object)
			objects->v[kept++] = object;
	objects->nr = kept;
}
