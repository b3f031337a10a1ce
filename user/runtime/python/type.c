// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * type.c - which types stay what they are: those that are compiled into the interpreter and
 * its modules are read once. Others are made and go as other objects do.
 */
#include "runtime/python/type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/python/interpreter.h"

#define BASES_MAX  16
#define SLOTS	   64
#define NAME_BYTES 256

struct type {
	uint64_t addr; /* 0: it is to be read again */
	uint64_t flags;
	uint64_t base;
	int name_error;
	char name[NAME_BYTES];
};

/* Found by address; what hits the same slot replaces. */
struct py_types {
	struct type slots[SLOTS];
};

struct py_types *py_types_new(void)
{
	return calloc(1, sizeof(struct py_types));
}

void py_types_free(struct py_types *types)
{
	free(types);
}

static struct type *slot_of(const struct python *python, uint64_t addr)
{
	/* Fibonacci hashing; types are aligned to 16 bytes */
	return &python->types->slots[(addr >> 4) * 0x9e3779b97f4a7c15ull >> 58];
}

_Static_assert(SLOTS == 1 << (64 - 58), "the hash gives numbers of slots");

/* *out is valid until the next call. */
static int find(const struct python *python, uint64_t addr, const struct type **out)
{
	struct type *slot = slot_of(python, addr);
	uint64_t name;
	struct memory_piece pieces[] = {
		{ addr + PY_TYPE_FLAGS, &slot->flags, sizeof(slot->flags), 0 },
		{ addr + PY_TYPE_BASE, &slot->base, sizeof(slot->base), 0 },
		{ addr + PY_TYPE_NAME, &name, sizeof(name), 0 },
	};
	int err;

	*out = slot;
	if (addr && slot->addr == addr)
		return 0;
	slot->addr = 0;
	err = memory_read_all(&python->memory, pieces, 3);
	if (err)
		return err;
	slot->name_error =
		memory_read_cstring(&python->memory, name, slot->name, sizeof(slot->name));
	if (!slot->name_error && slot->flags & PY_FLAG_READY && !(slot->flags & PY_FLAG_HEAP_TYPE))
		slot->addr = addr;
	return 0;
}

int py_type_of(const struct python *python, uint64_t object, uint64_t *type)
{
	if (object % sizeof(uint64_t))
		return -EINVAL;
	return memory_read_ptr(&python->memory, object + PY_OBJECT_TYPE, type);
}

int py_type_name(const struct python *python, uint64_t addr, char *name, size_t size)
{
	const struct type *type;
	int err = find(python, addr, &type) ?: type->name_error;

	if (err)
		return err;
	return (size_t)snprintf(name, size, "%s", type->name) < size ? 0 : -ENAMETOOLONG;
}

int py_type_flags(const struct python *python, uint64_t addr, uint64_t *flags)
{
	const struct type *type = slot_of(python, addr);

	/* where it is not known its name need not be read */
	if (!addr || type->addr != addr)
		return memory_read_ptr(&python->memory, addr + PY_TYPE_FLAGS, flags);
	*flags = type->flags;
	return 0;
}

bool py_is_instance(const struct python *python, uint64_t object, const char *type_name)
{
	uint64_t addr;

	if (py_type_of(python, object, &addr))
		return false;
	for (int i = 0; i < BASES_MAX && addr; i++) {
		const struct type *type;

		if (find(python, addr, &type))
			return false;
		if (!type->name_error && !strcmp(type->name, type_name))
			return true;
		addr = type->base;
	}
	return false;
}
