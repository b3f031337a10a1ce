/* SPDX-License-Identifier: GPL-2.0-or-later */
/* find.h - where the interpreter of a process is, from what the process has mapped. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_FIND_H
#define BLOCKPROF_RUNTIME_PYTHON_FIND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct py_place {
	const char *other; /* an implementation that is not CPython, NULL: it is CPython */
	uint64_t runtime; /* address of _PyRuntime, 0: this version has none */
	uint64_t version_addr; /* address of Py_Version (3.11 on), 0: none */
	int major, minor; /* by the file's name, -1: it does not say */
	bool debug; /* built with --with-pydebug */
	bool free_threaded; /* by the file's name */
	bool later; /* the file could not be looked into now: only its name is known */
};

/* How many files of one process may be tried: an executable and a few libpythons. */
#define PY_PLACES_MAX 4

struct memory;
struct symbols;

/*
 * Address of the section .AsyncioDebug of a process (3.14 on). -ENOENT: nothing that
 * has it is mapped; -EBUSY: not known now.
 */
int py_find_asyncio(struct symbols *symbols, const struct memory *target, uint64_t *addr);

/*
 * Stores the places where an interpreter may be, best first. Returns how many, or
 * -errno: -EBUSY: not known now.
 */
int py_find(struct symbols *symbols, const struct memory *target, struct py_place *places,
	    size_t max);

#endif
