/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interpreter.h - what the files behind python.h share. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_INTERPRETER_H
#define BLOCKPROF_RUNTIME_PYTHON_INTERPRETER_H

#include "base/memory.h"
#include "runtime/python/asyncio_debug.h"
#include "runtime/python/code.h"
#include "runtime/python/find.h"
#include "runtime/python/layout.h"
#include "runtime/python/python.h"

struct pages;
struct py_threads;
struct py_types;
struct symbols;

struct python {
	struct memory memory;
	struct symbols *symbols;
	struct py_layout layout;
	uint64_t runtime; /* address of _PyRuntime; 0: version only */
	const char *implementation;
	char version[48];
	bool other_clock; /* its CLOCK_MONOTONIC is not ours */

	/* Types met so far, so that their names need not be read again. */
	uint64_t str_type;
	uint64_t bytes_type;
	uint64_t code_type;
	uint64_t frame_type;

	uint64_t current_tasks; /* dict, 0: not found so far */
	uint64_t task_sets[3]; /* where all tasks are, 0: not found so far */
	uint64_t modules_entries; /* how many entries sys.modules had when it was looked for */
	struct py_asyncio_debug asyncio; /* 3.14 on */
	uint64_t asyncio_entries; /* as modules_entries, for it */
	struct py_threads *threads; /* known ones */
	struct py_types *types; /* likewise */
	struct py_code_cache codes;
	struct pages *pages; /* what a look has read (look.h) */
	bool looks; /* one has begun */
};

/* Of which nothing is known yet; NULL: no memory. python_close() frees it. */
struct python *py_new(const struct memory *memory);

/* python_open() for an interpreter whose place is known: same results. */
int py_open_place(struct python **out, const struct memory *memory, const struct py_place *place);

/* The main interpreter's PyInterpreterState. -EAGAIN: there is none (yet). */
int py_main_interpreter(const struct python *python, uint64_t *interp);

#endif
