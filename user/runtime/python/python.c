// SPDX-License-Identifier: GPL-2.0-or-later
/* python.c - opening an interpreter: which version it is, and whether it really is that. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pages.h"
#include "base/passing.h"
#include "proc/procfs.h"
#include "runtime/python/asyncio.h"
#include "runtime/python/asyncio_debug.h"
#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"
#include "runtime/python/threads.h"
#include "runtime/python/type.h"

/* sys.setswitchinterval() takes more, but no one means it. */
#define GIL_INTERVAL_MAX_US (1ull << 40)
#define LOOK_BLOCK_BYTES    512
#define LOOK_BLOCKS_MAX	    512

/* PY_VERSION_HEX (Include/patchlevel.h): major, minor, micro, release level and serial. */
static unsigned int hex_major(uint32_t hex)
{
	return hex >> 24;
}

static unsigned int hex_minor(uint32_t hex)
{
	return hex >> 16 & 0xff;
}

static void name_version(struct python *python, const struct py_place *place, uint32_t hex,
			 bool free_threaded)
{
	const char *build = free_threaded ? " free-threaded" : place->debug ? " debug" : "";

	if (hex)
		snprintf(python->version, sizeof(python->version), "%u.%u.%u%s", hex_major(hex),
			 hex_minor(hex), hex >> 8 & 0xff, build);
	else if (place->major >= 0)
		snprintf(python->version, sizeof(python->version), "%d.%d%s", place->major,
			 place->minor, build);
	else
		snprintf(python->version, sizeof(python->version), "?%s", build);
}

int py_main_interpreter(const struct python *python, uint64_t *interp)
{
	int err = memory_read_ptr(&python->memory,
				  python->runtime + python->layout.runtime_interpreters +
					  PY_INTERPRETERS_MAIN,
				  interp);

	return err ? err : *interp ? 0 : -EAGAIN;
}

/*
 * sys.hexversion by way of sys.modules. While the interpreter starts these
 * come one after the other, and while it ends they become None and go.
 */
static int read_hexversion(struct python *python, uint64_t interp, uint64_t *version)
{
	uint64_t modules, nr, sys, dict, object;
	int err =
		memory_read_ptr(&python->memory, interp + python->layout.interp_modules, &modules);

	if (!err && modules)
		err = py_dict_nentries(python, modules, &nr);
	if (err)
		return err;
	if (!modules)
		return -EAGAIN;
	err = py_dict_get(python, modules, "sys", &sys);
	if (!err && !py_is_instance(python, sys, "module"))
		err = -EAGAIN;
	if (!err)
		err = memory_read_ptr(&python->memory, sys + PY_MODULE_DICT, &dict);
	if (!err)
		err = py_dict_get(python, dict, "hexversion", &object);
	if (!err)
		err = py_long(python, object, version);
	return err && !error_is_passing(err) ? -EAGAIN : err;
}

/* An interpreter is one whose first thread points back to it and whose sys says which version it is. */
static int check_layout(struct python *python, uint32_t *hex)
{
	const struct py_layout *layout = &python->layout;
	uint64_t interp, tstate, back;
	uint64_t version;
	int err = py_main_interpreter(python, &interp);

	if (!err)
		err = memory_read_ptr(&python->memory, interp + layout->kernel.interp_threads_head,
				      &tstate);
	if (!err && !tstate)
		return -EAGAIN;
	if (!err)
		err = memory_read_ptr(&python->memory, tstate + layout->tstate_interp, &back);
	if (!err && back != interp)
		return -ENOTSUP;
	if (!err)
		err = read_hexversion(python, interp, &version);
	if (err)
		return err;
	if (version > UINT32_MAX || hex_major((uint32_t)version) != 3 ||
	    hex_minor((uint32_t)version) != layout->minor)
		return -ENOTSUP;
	*hex = (uint32_t)version;
	return 0;
}

/* What is not there, or makes no sense, is no interpreter that can be read; a process that is gone is something else. */
static int unreadable(int err)
{
	switch (err) {
	case -EFAULT:
	case -EINVAL:
	case -E2BIG:
	case -ENAMETOOLONG:
		return -ENOTSUP;
	default:
		return err;
	}
}

static int try_layout(struct python *python, unsigned int minor, uint32_t *hex)
{
	const struct py_layout *layout = py_layout_of(minor);
	int err = 0;

	if (!layout)
		return -ENOTSUP;
	python->layout = *layout;
	if (minor >= 13)
		err = py_layout_refine(&python->layout, &python->memory, python->runtime);
	if (!err)
		err = check_layout(python, hex);
	return unreadable(err);
}

/* The version, as far as the interpreter itself has it without a layout: *hex stays 0 before 3.11. */
static int read_version(const struct python *python, const struct py_place *place, uint32_t *hex,
			bool *free_threaded)
{
	struct py_debug_offsets debug;
	int err = py_debug_offsets_read(&python->memory, place->runtime, &debug);

	if (err == 0) {
		*hex = debug.version;
		*free_threaded |= debug.free_threaded != 0;
		return 0;
	}
	if (err != -ENOENT)
		return err;
	if (place->version_addr &&
	    memory_read_u32(&python->memory, place->version_addr, hex) == 0 && hex_major(*hex) != 3)
		*hex = 0;
	return 0;
}

/* Without a version or a name that says it, the layout that fits says which it is. */
static int find_layout(struct python *python, const struct py_place *place, uint32_t *hex)
{
	int best = -ENOTSUP;

	if (*hex)
		return try_layout(python, hex_minor(*hex), hex);
	if (place->major >= 0)
		return try_layout(python, (unsigned int)place->minor, hex);
	for (unsigned int minor = PY_MINOR_MIN; minor <= PY_MINOR_MAX; minor++) {
		int err = try_layout(python, minor, hex);

		if (err == -EAGAIN)
			best = err;
		else if (err != -ENOTSUP)
			return err;
	}
	return best;
}

struct python *py_new(const struct memory *memory)
{
	struct python *python = calloc(1, sizeof(*python));

	if (!python)
		return NULL;
	python->memory = *memory;
	python->threads = py_threads_new();
	python->types = py_types_new();
	python->pages = pages_new(memory, LOOK_BLOCK_BYTES, LOOK_BLOCKS_MAX);
	if (!python->threads || !python->types || !python->pages) {
		python_close(python);
		return NULL;
	}
	return python;
}

int py_open_place(struct python **out, const struct memory *memory, const struct py_place *place)
{
	struct python *python = py_new(memory);
	bool free_threaded = place->free_threaded;
	uint32_t hex = 0;
	int err = 0;

	*out = NULL;
	if (!python)
		return -ENOMEM;
	python->runtime = place->runtime;
	if (place->runtime)
		err = unreadable(read_version(python, place, &hex, &free_threaded));
	if (!err && (!place->runtime || place->debug || free_threaded))
		err = -ENOTSUP;
	if (!err)
		err = find_layout(python, place, &hex);
	if (err && err != -ENOTSUP) {
		python_close(python);
		return err;
	}
	python->implementation = place->other ? place->other : "CPython";
	name_version(python, place, hex, free_threaded);
	if (err)
		python->runtime = 0;
	*out = python;
	return err;
}

/* Time namespaces shift CLOCK_MONOTONIC; one that cannot be asked about is taken for ours. */
static bool has_other_clock(pid_t pid)
{
	char *its __freeing = procfs_link(pid, "ns/time");
	char *ours __freeing = procfs_link(getpid(), "ns/time");

	return its && ours && strcmp(its, ours) != 0;
}

int python_open(struct python **out, const struct memory *memory, struct symbols *symbols)
{
	struct py_place places[PY_PLACES_MAX];
	struct python *refused = NULL;
	int nr, best = -ENOENT;

	*out = NULL;
	nr = py_find(symbols, memory, places, PY_PLACES_MAX);
	if (nr < 0)
		return nr;
	/* A library that some extension brought along is no interpreter: the next place may be one. */
	for (int i = 0; i < nr; i++) {
		int err = py_open_place(out, memory, &places[i]);

		if (err == 0) {
			(*out)->symbols = symbols;
			(*out)->other_clock = has_other_clock(memory->pid);
			python_close(refused);
			return 0;
		}
		if (err == -ENOTSUP && !refused)
			refused = *out;
		else
			python_close(*out);
		*out = NULL;
		if (err == -ETIMEDOUT || (err == -ENOTSUP && places[i].later))
			err = -EBUSY;
		if (best == -ENOENT || err == -EAGAIN || err == -EBUSY)
			best = err;
	}
	if (best == -ENOTSUP || best == -EBUSY)
		*out = refused;
	else
		python_close(refused);
	return best;
}

void python_close(struct python *python)
{
	if (!python)
		return;
	py_code_cache_clear(&python->codes);
	py_threads_free(python->threads);
	py_types_free(python->types);
	pages_free(python->pages);
	free(python);
}

const char *python_version(const struct python *python)
{
	return python->version;
}

const char *python_implementation(const struct python *python)
{
	return python->implementation;
}

/*
 * struct _gil_runtime_state begins with the switch interval in microseconds;
 * locked is -1 before the first use. Anything else is not the GIL, and a futex
 * in it says nothing.
 */
static uint64_t find_gil(const struct python *python, uint64_t interp)
{
	const struct py_layout *layout = &python->layout;
	uint64_t gil = python->runtime + layout->runtime_gil, interval;
	uint32_t locked;

	if (!layout->runtime_gil &&
	    memory_read_ptr(&python->memory, interp + layout->interp_gil, &gil))
		return 0;
	if (memory_read_ptr(&python->memory, gil, &interval) ||
	    memory_read_u32(&python->memory, gil + layout->kernel.gil_locked, &locked))
		return 0;
	return interval > 0 && interval <= GIL_INTERVAL_MAX_US && locked + 1 <= 2 ? gil : 0;
}

/*
 * Where it says that the collector runs; 0: not known. Before 3.13 by fixed offsets, where the
 * list gc.garbage stands behind it.
 */
static uint64_t find_collecting(struct python *python, uint64_t interp)
{
	const struct py_layout *layout = &python->layout;
	uint64_t addr = layout->interp_collecting ? interp + layout->interp_collecting
						  : python->runtime + layout->runtime_collecting;
	uint64_t garbage;
	uint32_t value;

	if ((!layout->interp_collecting && !layout->runtime_collecting) ||
	    memory_read_u32(&python->memory, addr, &value) || value > 1)
		return 0;
	if (layout->minor < 13 &&
	    (memory_read_ptr(&python->memory, addr + sizeof(uint64_t), &garbage) ||
	     (garbage && !py_is_instance(python, garbage, "list"))))
		return 0;
	return addr;
}

int python_layout(struct python *python, struct bp_python *out)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	uint64_t interp, tasks;
	int err = py_main_interpreter(python, &interp);

	if (err)
		return err;
	*out = python->layout.kernel;
	if (py_asyncio_has_debug(python) && py_asyncio_learn(python) == 0)
		out->tstate_running_task = python->asyncio.tstate_task;
	out->task_coro = python->layout.task_coro;
	out->task_name = python->layout.task_name;
	out->coro_qualname = python->layout.coro_qualname;
	/* The main interpreter, not the head of the list, which is the newest subinterpreter. */
	out->interp_head_addr =
		python->runtime + python->layout.runtime_interpreters + PY_INTERPRETERS_MAIN;
	out->gil_addr = find_gil(python, interp);
	out->collecting_addr = find_collecting(python, interp);
	if (py_current_tasks(python, interp, &tasks) == 0)
		out->current_tasks = tasks;
	return 0;
}

uint64_t python_gil_holder(struct python *python)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	const struct bp_python *layout = &python->layout.kernel;
	uint64_t interp, gil, tstate, pthread;
	uint32_t locked;

	if (py_main_interpreter(python, &interp))
		return 0;
	gil = find_gil(python, interp);
	/* last_holder stays after a release (Python/ceval_gil.h) */
	if (!gil || memory_read_u32(&python->memory, gil + layout->gil_locked, &locked) ||
	    locked != 1 ||
	    memory_read_ptr(&python->memory, gil + layout->gil_last_holder, &tstate) ||
	    memory_read_ptr(&python->memory, tstate + layout->tstate_thread_id, &pthread))
		return 0;
	return pthread;
}

bool python_collecting(struct python *python)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	uint64_t interp, addr;
	uint32_t value;

	if (py_main_interpreter(python, &interp))
		return false;
	addr = find_collecting(python, interp);
	return addr && !memory_read_u32(&python->memory, addr, &value) && value;
}

uint64_t python_tstate(struct python *python, uint64_t fsbase)
{
	uint64_t tstate, frame;

	return py_threads_find(python, fsbase, &tstate, &frame) ? 0 : tstate;
}
