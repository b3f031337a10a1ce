// SPDX-License-Identifier: GPL-2.0-or-later
/* kinds.c - the names of the types that coroutines, wrappers, tasks and futures have. */
#include "runtime/python/kinds.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

#define BASES_MAX  16
#define NAME_BYTES 64

/* builtin: a type of the interpreter itself, whose name a class may have too. */
static const struct {
	const char *name;
	enum py_kind kind;
	bool builtin;
} names[] = {
	{ "coroutine", PY_KIND_COROUTINE, true },
	{ "generator", PY_KIND_COROUTINE, true },
	{ "async_generator", PY_KIND_COROUTINE, true },
	{ "coroutine_wrapper", PY_KIND_WRAPPER, true },
	{ "async_generator_asend", PY_KIND_WRAPPER, true },
	{ "async_generator_athrow", PY_KIND_WRAPPER, true },
	{ "anext_awaitable", PY_KIND_WRAPPER, true },
	{ "_asyncio.FutureIter", PY_KIND_WRAPPER, false },
	{ "_asyncio.Task", PY_KIND_TASK, false },
	{ "_GatheringFuture", PY_KIND_GATHERING, false },
	{ "_asyncio.Future", PY_KIND_FUTURE, false },
	{ "NoneType", PY_KIND_NONE, true },
};

static enum py_kind kind_of_type(const struct python *python, uint64_t type)
{
	char name[NAME_BYTES];
	uint64_t flags;

	for (int depth = 0; depth < BASES_MAX && type; depth++) {
		if (py_type_name(python, type, name, sizeof(name)) ||
		    py_type_flags(python, type, &flags))
			name[0] = '\0';
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(name, names[i].name) &&
			    !(names[i].builtin && (depth || flags & PY_FLAG_HEAP_TYPE)))
				return names[i].kind;
		/* Lib/asyncio/tasks.py: _PyTask is its class Task */
		if (!strcmp(name, "Task"))
			return PY_KIND_PYTHON_TASK;
		if (memory_read_ptr(&python->memory, type + PY_TYPE_BASE, &type))
			break;
	}
	return PY_KIND_OTHER;
}

enum py_kind py_kind_of(const struct python *python, struct py_kinds *kinds, uint64_t object)
{
	uint64_t type;
	size_t at;

	if (py_type_of(python, object, &type) || !type)
		return PY_KIND_OTHER;
	/* Fibonacci hashing; types are aligned to 16 bytes */
	at = (type >> 4) * 0x9e3779b97f4a7c15ull >> 56;
	if (kinds->slots[at].type != type) {
		kinds->slots[at].type = type;
		kinds->slots[at].kind = kind_of_type(python, type);
	}
	return kinds->slots[at].kind;
}

_Static_assert(PY_KIND_SLOTS == 1 << (64 - 56), "the hash gives numbers of slots");
