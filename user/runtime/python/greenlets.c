// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * greenlets.c - where a greenlet keeps its frames while another one runs, and how the
 * hub of a thread is found by that: gevent and eventlet have it among the thread's locals.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/dict.h"
#include "runtime/python/epoll.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"
#include "runtime/python/threads.h"

#define LOCALS_MAX  64 /* of a thread */
#define LOCAL_DICT  16 /* of _thread._localdummy, up to 3.12 */
#define HUB_FRAMES  32
#define TYPE_BYTES  64
#define FRAME_FRAME 24 /* of a frame object from 3.11 on: the interpreter's */

/*
 * The frame's place in the greenlet differs from version to version: up to 1.1 in the
 * object, from 2.0 on in what that points to. Among these words only one is a frame.
 */
#define GREENLET_WORDS 18 /* behind the object's head */
#define IMPL	       2 /* of them, from 2.0 on: the pointer */
#define IMPL_WORDS     32

static bool is_frame(struct python *python, uint64_t type)
{
	char name[TYPE_BYTES];

	if (type == python->frame_type)
		return type != 0;
	if (type % sizeof(uint64_t) || py_type_name(python, type, name, sizeof(name)) ||
	    strcmp(name, "frame"))
		return false;
	python->frame_type = type;
	return true;
}

/* The first of these words that is the address of a frame object; 0: none is. */
static uint64_t find_frame(struct python *python, const uint64_t *words, size_t nr)
{
	struct memory_piece pieces[IMPL_WORDS];
	uint64_t types[IMPL_WORDS] = { 0 };
	size_t asked = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!words[i] || words[i] % sizeof(uint64_t))
			continue;
		pieces[asked] = (struct memory_piece){ words[i] + PY_OBJECT_TYPE, &types[asked],
						       sizeof(types[asked]), 0 };
		asked++;
	}
	if (!asked || memory_read_pieces(&python->memory, pieces, asked))
		return 0;
	for (size_t i = 0; i < asked; i++)
		if (!pieces[i].error && is_frame(python, types[i]))
			return pieces[i].addr - PY_OBJECT_TYPE;
	return 0;
}

static uint64_t saved_frame(struct python *python, uint64_t greenlet)
{
	uint64_t words[GREENLET_WORDS], impl[IMPL_WORDS], frame = 0;

	if (memory_read(&python->memory, greenlet + PY_VAR_SIZE, words, sizeof(words)))
		return 0;
	if (words[IMPL] && words[IMPL] % sizeof(uint64_t) == 0 &&
	    !memory_read(&python->memory, words[IMPL], impl, sizeof(impl)))
		frame = find_frame(python, impl, IMPL_WORDS);
	return frame ? frame : find_frame(python, words, GREENLET_WORDS);
}

/*
 * The frames on which this object, a greenlet that was started and has not ended,
 * stands still, innermost first. How many, or -errno: -ENOENT, it has none.
 */
static int standing_frames(struct python *python, uint64_t greenlet, struct py_frame *frames,
			   size_t max)
{
	uint64_t addr;
	int err = 0;

	if (!py_is_instance(python, greenlet, "greenlet.greenlet"))
		return -EINVAL;
	addr = saved_frame(python, greenlet);
	if (!addr)
		return -ENOENT;
	if (python->layout.code_bytecode)
		err = memory_read_ptr(&python->memory, addr + FRAME_FRAME, &addr);
	return err ? err : py_frames_from(python, addr, frames, max);
}

/* -- the hub of a thread -- */

/* The loop's function among the frames on which the hub's greenlet stands. */
static enum python_hub standing_hub(struct python *python, uint64_t greenlet)
{
	struct py_frame frames[HUB_FRAMES];
	int nr = standing_frames(python, greenlet, frames, HUB_FRAMES);
	struct py_codes codes;

	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr > 0 ? (size_t)nr : 0);
	for (int i = 0; i < nr; i++) {
		const struct py_code *code;

		if (!py_codes_next(&codes, &code) && code->kind == PY_CODE_HUB_RUN)
			return code->hub;
	}
	return PYTHON_HUB_NONE;
}

/* One of the thread's locals: gevent's and eventlet's have the hub in theirs. */
static enum python_hub hub_in(struct python *python, uint64_t local, int *epoll_fd)
{
	static const char *const poll[] = { "poll" };
	uint64_t dict, hub, greenlet;
	enum python_hub found;

	if (!py_is_instance(python, local, "_thread._localdummy") ||
	    memory_read_ptr(&python->memory, local + LOCAL_DICT, &dict) || !dict ||
	    py_dict_get(python, dict, "hub", &hub) || !hub)
		return PYTHON_HUB_NONE;
	/* gevent's is a greenlet, eventlet's has one */
	if (py_attribute(python, hub, "greenlet", &greenlet))
		greenlet = hub;
	found = standing_hub(python, greenlet);
	if (found == PYTHON_HUB_EVENTLET)
		*epoll_fd = py_epoll(python, hub, poll, 1);
	return found;
}

enum python_hub python_thread_hub(struct python *python, uint64_t fsbase, int *epoll_fd)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	enum python_hub hub = PYTHON_HUB_NONE;
	uint64_t tstate, frame, dict = 0;
	struct py_dict locals PY_DICT_FREEING = { 0 };

	*epoll_fd = -1;
	if (!python->layout.tstate_dict || py_threads_find(python, fsbase, &tstate, &frame) ||
	    memory_read_ptr(&python->memory, tstate + python->layout.tstate_dict, &dict) || !dict ||
	    py_dict_read(python, dict, &locals))
		return PYTHON_HUB_NONE;
	for (size_t i = 0; i < locals.nr && i < LOCALS_MAX && hub == PYTHON_HUB_NONE; i++)
		if (locals.entries[i].value)
			hub = hub_in(python, locals.entries[i].value, epoll_fd);
	return hub;
}
