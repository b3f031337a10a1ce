// SPDX-License-Identifier: GPL-2.0-or-later
/* asyncio.c - tasks, and the loop a thread runs. */
#include "runtime/python/asyncio.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "runtime/python/dict.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"
#include "runtime/python/threads.h"

/* Selectors that wrap selectors that wrap ... an epoll object. */
#define SELECTORS_MAX 4

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

int python_task(struct python *python, uint64_t task_addr, char *name, size_t name_size, char *coro,
		size_t coro_size)
{
	uint64_t coro_object = 0, name_object = 0;
	int err;

	name[0] = '\0';
	coro[0] = '\0';
	if (py_is_instance(python, task_addr, "_asyncio.Task")) {
		struct memory_piece fields[] = {
			{ task_addr + python->layout.task_coro, &coro_object, 8, 0 },
			{ task_addr + python->layout.task_name, &name_object, 8, 0 },
		};

		err = memory_read_all(&python->memory, fields, 2);
	} else {
		/* The one written in Python, asyncio.tasks._PyTask. */
		err = py_attribute(python, task_addr, "_coro", &coro_object);
		if (!err)
			err = py_attribute(python, task_addr, "_name", &name_object);
	}
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
	struct overlay overlay = {
		.below = python->memory,
		.source = { .read = read_overlay, .context = &overlay },
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
 * What frames have shown so far, from the innermost outwards. What the loop waits
 * in is select() of selectors.py, or one of the user's that calls it.
 */
struct shown {
	unsigned int run_onces;
	bool only_selects; /* so far */
	bool in_select; /* between the last _run_once and the innermost frame is nothing but select() */
};

static void show_frame(struct shown *shown, enum py_code_kind kind, bool innermost)
{
	if (innermost)
		shown->only_selects = kind == PY_CODE_SELECT;
	if (kind == PY_CODE_RUN_ONCE) {
		shown->run_onces++;
		shown->in_select = shown->only_selects;
	} else if (kind != PY_CODE_SELECT) {
		shown->only_selects = false;
	}
}

static void loop_of(const struct shown *shown, struct python_loop *out)
{
	*out = (struct python_loop){ .run_onces = shown->run_onces, .epoll_fd = -1 };
	out->in_own_select = shown->run_onces == 1 && shown->in_select;
}

int python_frames_loop(struct python *python, const struct bp_python_frame *frames, size_t nr,
		       struct python_loop *out)
{
	struct shown shown = { 0 };
	struct py_codes codes;

	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr; i++)
		show_frame(&shown, next_kind(&codes), i == 0);
	loop_of(&shown, out);
	return 0;
}

/* end_time of _run_once: loop.time() when the selector had returned; not set before. */
static uint64_t turn_start(struct python *python, const struct py_frame *run_once)
{
	uint64_t object, now_ns;
	double seconds;

	if (python->other_clock || py_frame_local(python, run_once, "end_time", &object) ||
	    py_float(python, object, &seconds) || !isfinite(seconds) || seconds <= 0 ||
	    seconds > (double)(UINT64_MAX / NS_PER_SEC / 2))
		return 0;
	now_ns = clock_now_ns();
	return seconds * NS_PER_SEC <= now_ns ? (uint64_t)(seconds * NS_PER_SEC) : 0;
}

/* loop._selector._selector is the select.epoll object; wrappers put more of them between. */
static int epoll_fd(struct python *python, uint64_t loop)
{
	uint64_t object = loop;
	uint32_t fd;

	for (int i = 0; i < SELECTORS_MAX; i++) {
		if (py_attribute(python, object, "_selector", &object))
			return -1;
		if (py_is_instance(python, object, "select.epoll")) {
			if (memory_read_u32(&python->memory, object + PY_EPOLL_FD, &fd))
				return -1;
			return fd <= INT32_MAX ? (int)fd : -1;
		}
	}
	return -1;
}

/*
 * The dict of the C module, which asyncio.tasks and other loops use too; where
 * there is no such module, and for tasks written in Python from 3.14 on, that
 * of asyncio.tasks.
 */
int py_current_tasks(struct python *python, uint64_t interp, uint64_t *dict)
{
	static const char *const names[] = { "_asyncio", "asyncio.tasks" };
	uint64_t modules, module, its_dict, nentries, tasks;
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
		if (py_dict_get(python, modules, names[i], &module) ||
		    !py_is_instance(python, module, "module") ||
		    memory_read_ptr(&python->memory, module + PY_MODULE_DICT, &its_dict) ||
		    py_dict_get(python, its_dict, "_current_tasks", dict) ||
		    py_dict_nentries(python, *dict, &tasks))
			continue;
		python->current_tasks = *dict;
		return 0;
	}
	python->modules_entries = nentries;
	return -ENOENT;
}

static uint64_t running_task(struct python *python, uint64_t fsbase, uint64_t loop)
{
	uint64_t interp, dict, task, tstate, frame, its_loop;

	/* the loop that runs may be another, which was started inside of it */
	if (py_asyncio_has_debug(python) && !py_asyncio_learn(python) &&
	    !py_threads_find(python, fsbase, &tstate, &frame) &&
	    !memory_read_ptr(&python->memory, tstate + python->asyncio.tstate_task, &task) &&
	    task && !memory_read_ptr(&python->memory, task + PY_TASK_LOOP, &its_loop) &&
	    its_loop == loop)
		return task;

	if (py_main_interpreter(python, &interp) || py_current_tasks(python, interp, &dict) ||
	    py_dict_get_object(python, dict, loop, &task))
		return 0;
	return task;
}

int python_thread_loop(struct python *python, uint64_t fsbase, struct python_loop *out)
{
	struct py_frame *frames __freeing = calloc(PY_FRAMES_MAX, sizeof(*frames));
	const struct py_frame *outermost = NULL;
	struct shown shown = { 0 };
	struct py_codes codes;
	int nr;

	if (!frames)
		return -ENOMEM;
	nr = py_frames(python, fsbase, frames, PY_FRAMES_MAX);
	if (nr < 0)
		return nr;
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), (size_t)nr);
	for (int i = 0; i < nr; i++) {
		enum py_code_kind kind = next_kind(&codes);

		show_frame(&shown, kind, i == 0);
		if (kind == PY_CODE_RUN_ONCE)
			outermost = &frames[i];
	}
	loop_of(&shown, out);
	if (!outermost)
		return 0;
	out->turn_start_ns = turn_start(python, outermost);
	if (py_frame_local(python, outermost, "self", &out->loop_object))
		return 0;
	out->epoll_fd = epoll_fd(python, out->loop_object);
	out->task = running_task(python, fsbase, out->loop_object);
	return 0;
}

int python_getaddrinfo_host(struct python *python, uint64_t fsbase, char *host, size_t size)
{
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
