// SPDX-License-Identifier: GPL-2.0-or-later
/* asyncio.c - what a Task is called, where asyncio notes the one that runs, and the host that is looked up. */
#include "runtime/python/asyncio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/dict.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/module.h"
#include "runtime/python/object.h"

/* Objects that have cr_qualname, or the same field as gi_qualname, where the layout says. */
static bool is_coroutine(const struct python *python, uint64_t object)
{
	return py_is_instance(python, object, "coroutine") ||
	       py_is_instance(python, object, "generator");
}

/* Others (Cython's, wrappers) are called by their type. */
static int coro_name(struct python *python, uint64_t coro, char *out, size_t size)
{
	uint64_t qualname, type;
	int err;

	if (is_coroutine(python, coro)) {
		err = memory_read_ptr(&python->memory, coro + python->layout.coro_qualname,
				      &qualname);
		return err ? err : py_str(python, qualname, out, size);
	}
	err = py_type_of(python, coro, &type);
	if (!err)
		err = py_type_name(python, type, out, size);
	if (err)
		out[0] = '\0';
	return err;
}

/* From 3.13 on a name that was not given is only a number until someone asks for it. */
int py_task_name(struct python *python, uint64_t object, char *out, size_t size)
{
	uint64_t number;
	int err = py_str(python, object, out, size);

	if (err != -EINVAL)
		return err;
	err = py_long(python, object, &number);
	if (!err)
		snprintf(out, size, "Task-%llu", (unsigned long long)number);
	return err;
}

/* The C module's, or the one written in Python, asyncio.tasks._PyTask. name may be NULL. */
static int task_fields(struct python *python, uint64_t task, uint64_t *coro, uint64_t *name)
{
	int err;

	if (py_is_instance(python, task, "_asyncio.Task")) {
		struct memory_piece fields[] = {
			{ task + python->layout.task_coro, coro, 8, 0 },
			{ task + python->layout.task_name, name, 8, 0 },
		};

		return memory_read_all(&python->memory, fields, name ? 2 : 1);
	}
	err = py_attribute(python, task, "_coro", coro);
	return err || !name ? err : py_attribute(python, task, "_name", name);
}

int py_task_coro(struct python *python, uint64_t task, uint64_t *coro)
{
	return task_fields(python, task, coro, NULL);
}

int python_task(struct python *python, uint64_t task_addr, char *name, size_t name_size, char *coro,
		size_t coro_size)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	uint64_t coro_object = 0, name_object = 0;
	int err;

	name[0] = '\0';
	coro[0] = '\0';
	err = task_fields(python, task_addr, &coro_object, &name_object);
	if (err)
		return err;
	/* A task that ended has no coroutine any more. */
	if (coro_object)
		coro_name(python, coro_object, coro, coro_size);
	return py_task_name(python, name_object, name, name_size);
}

/* Memory as it is, but for what was copied earlier. */
struct overlay {
	struct memory below;
	struct memory_source source;
	const struct bp_task *copied;
};

static bool read_snippet(const struct bp_snippet *snippet, const struct memory_piece *piece)
{
	uint64_t at = piece->addr - snippet->addr;

	if (!snippet->addr || piece->addr < snippet->addr || at >= BP_SNIPPET_BYTES ||
	    piece->bytes > BP_SNIPPET_BYTES - at)
		return false;
	memcpy(piece->buf, snippet->bytes + at, piece->bytes);
	return true;
}

static int read_overlay(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	const struct overlay *overlay = context;
	const struct bp_task *copied = overlay->copied;

	(void)pid;
	for (size_t i = 0; i < nr; i++) {
		struct memory_piece *piece = &pieces[i];

		piece->error = 0;
		if (!read_snippet(&copied->task, piece) && !read_snippet(&copied->name, piece) &&
		    !read_snippet(&copied->coro, piece) && !read_snippet(&copied->coro_name, piece))
			memory_read_pieces(&overlay->below, piece, 1);
	}
	return 0;
}

int python_task_copied(struct python *python, const struct bp_task *copied, char *name,
		       size_t name_size, char *coro, size_t coro_size)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct overlay overlay = {
		.below = python->memory,
		.source = { .read = read_overlay,
			    .context = &overlay,
			    .files = python->memory.source->files },
		.copied = copied,
	};
	int err;

	python->memory.source = &overlay.source;
	err = python_task(python, copied->task.addr, name, name_size, coro, coro_size);
	python->memory = overlay.below;
	return err;
}

static enum py_code_kind next_kind(struct py_codes *codes)
{
	const struct py_code *code;

	return py_codes_next(codes, &code) ? PY_CODE_OTHER : code->kind;
}

/*
 * The dict of the C module, which asyncio.tasks and other loops use too; where
 * there is no such module, and for tasks written in Python from 3.14 on, that
 * of asyncio.tasks.
 */
int py_current_tasks(struct python *python, uint64_t interp, uint64_t *dict)
{
	static const char *const names[] = { "_asyncio", "asyncio.tasks" };
	uint64_t modules, its_dict, nentries, tasks;
	int err;

	if (python->current_tasks) {
		*dict = python->current_tasks;
		return 0;
	}
	err = memory_read_ptr(&python->memory, interp + python->layout.interp_modules, &modules);
	if (!err)
		err = py_dict_nentries(python, modules, &nentries);
	if (err)
		return err;
	if (nentries == python->modules_entries)
		return -ENOENT;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (py_module_dict(python, interp, names[i], &its_dict) ||
		    py_dict_get(python, its_dict, "_current_tasks", dict) ||
		    py_dict_nentries(python, *dict, &tasks))
			continue;
		python->current_tasks = *dict;
		return 0;
	}
	python->modules_entries = nentries;
	return -ENOENT;
}

int python_getaddrinfo_host(struct python *python, uint64_t fsbase, char *host, size_t size)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame *frames __freeing = calloc(PY_FRAMES_MAX, sizeof(*frames));
	struct py_codes codes;
	uint64_t object;
	int nr;

	host[0] = '\0';
	if (!frames)
		return -ENOMEM;
	nr = py_frames(python, fsbase, frames, PY_FRAMES_MAX);
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr > 0 ? (size_t)nr : 0);
	for (int i = 0; i < nr; i++) {
		if (next_kind(&codes) != PY_CODE_GETADDRINFO)
			continue;
		if (py_frame_local(python, &frames[i], "host", &object) == 0 &&
		    py_str_or_bytes(python, object, host, size) == 0 && host[0])
			return 0;
		break;
	}
	return -ENOENT;
}
