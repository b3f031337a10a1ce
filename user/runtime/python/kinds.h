/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.h - the kinds of objects that coroutines and tasks are made of, told by their types. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_KINDS_H
#define BLOCKPROF_RUNTIME_PYTHON_KINDS_H

#include <stdint.h>

struct python;

enum py_kind {
	PY_KIND_OTHER,
	PY_KIND_COROUTINE, /* or generator, or asynchronous generator */
	PY_KIND_WRAPPER, /* stands for the object that it points to */
	PY_KIND_TASK, /* of _asyncio, or a class derived from it */
	PY_KIND_FUTURE, /* likewise */
	PY_KIND_GATHERING, /* a future of asyncio.gather() */
	PY_KIND_PYTHON_TASK, /* the one written in Python */
	PY_KIND_NONE,
};

/* Types met so far; starts as { 0 }. A slot holds what hits it. */
#define PY_KIND_SLOTS 256
struct py_kinds {
	struct {
		uint64_t type;
		enum py_kind kind;
	} slots[PY_KIND_SLOTS];
};

enum py_kind py_kind_of(const struct python *python, struct py_kinds *kinds, uint64_t object);

#endif
