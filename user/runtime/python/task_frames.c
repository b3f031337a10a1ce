// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * task_frames.c - how coroutines that run hang together inwards: what one awaits lies on
 * the stack of its frame, and its frame is the one before that one's. So are found the
 * frames of a Task whose thread is on another stack, a greenlet's.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "runtime/python/asyncio.h"
#include "runtime/python/coroutine.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"

#define DEPTH_MAX 64 /* coroutines that await each other */
#define STACK_MAX \
	64 /* objects of a frame that are looked at: local variables, and what it works on */

/* Addresses at which one of these objects has the address of its frame's caller. */
static size_t caller_pieces(const struct python *python, const uint64_t *objects, size_t nr,
			    uint64_t *callers, struct memory_piece *pieces)
{
	const struct py_layout *layout = &python->layout;
	uint64_t frames[STACK_MAX] = { 0 };

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ objects[i] + layout->coro_frame, &frames[i],
						   sizeof(frames[i]), 0 };
	/* up to 3.10 the frame is an object of its own */
	if (!layout->code_bytecode && memory_read_pieces(&python->memory, pieces, nr))
		return 0;
	for (size_t i = 0; i < nr; i++) {
		uint64_t frame = layout->code_bytecode ? objects[i] + layout->coro_frame
				 : pieces[i].error     ? 0
						       : frames[i];

		pieces[i] = (struct memory_piece){ frame + layout->kernel.frame_back, &callers[i],
						   sizeof(callers[i]), 0 };
	}
	return nr;
}

/* From 3.12 on each run of the evaluation loop has a frame of its own, between caller and called. */
static void skip_entries(const struct python *python, uint64_t *callers, size_t nr)
{
	struct memory_piece pieces[STACK_MAX];
	uint64_t outer[STACK_MAX] = { 0 };

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ callers[i] + python->layout.kernel.frame_back,
						   &outer[i], sizeof(outer[i]), 0 };
	memory_read_pieces(&python->memory, pieces, nr);
	for (size_t i = 0; i < nr; i++)
		callers[i] = pieces[i].error ? 0 : outer[i];
}

/* The one of these objects that is a coroutine, runs, and has this frame for its caller; 0: none. */
static uint64_t find_called(const struct python *python, const uint64_t *objects,
			    const uint64_t *callers, size_t nr, uint64_t frame)
{
	struct py_coroutine coroutine;

	for (size_t i = 0; i < nr; i++)
		if (callers[i] == frame && !py_coroutine_read(python, objects[i], &coroutine) &&
		    coroutine.state == PY_COROUTINE_RUNNING)
			return objects[i];
	return 0;
}

static uint64_t called_by(const struct python *python, const uint64_t *objects, size_t nr,
			  uint64_t frame)
{
	struct memory_piece pieces[STACK_MAX];
	uint64_t callers[STACK_MAX] = { 0 }, found;

	nr = caller_pieces(python, objects, nr, callers, pieces);
	if (!nr || memory_read_pieces(&python->memory, pieces, nr))
		return 0;
	for (size_t i = 0; i < nr; i++)
		if (pieces[i].error)
			callers[i] = 0;
	found = find_called(python, objects, callers, nr, frame);
	if (found || !python->layout.kernel.owner_cstack)
		return found;
	skip_entries(python, callers, nr);
	return find_called(python, objects, callers, nr, frame);
}

/* What each of these stands for, if it is a wrapper of a coroutine. */
static void unwrap(const struct python *python, uint64_t *objects, size_t nr)
{
	struct memory_piece pieces[STACK_MAX];
	uint64_t wrapped[STACK_MAX] = { 0 };

	for (size_t i = 0; i < nr; i++)
		pieces[i] = (struct memory_piece){ objects[i] + PY_WRAPPED, &wrapped[i],
						   sizeof(wrapped[i]), 0 };
	memory_read_pieces(&python->memory, pieces, nr);
	for (size_t i = 0; i < nr; i++)
		objects[i] = pieces[i].error ? 0 : wrapped[i];
}

/* The coroutine that the frame of another one, which runs, has called; 0: none. */
static uint64_t awaited_by(const struct python *python, uint64_t frame)
{
	const struct py_layout *layout = &python->layout;
	uint64_t at = frame + layout->frame_locals, objects[STACK_MAX];
	uint64_t found;
	size_t nr = 0;
	ssize_t bytes;

	if (!layout->code_bytecode &&
	    memory_read_ptr(&python->memory, frame + layout->frame_valuestack, &at))
		return 0;
	bytes = memory_read_most(&python->memory, at, objects, sizeof(objects));
	for (ssize_t i = 0; (i + 1) * (ssize_t)sizeof(objects[0]) <= bytes; i++) {
		uint64_t object = py_ref_object(objects[i]);

		if (object && object % sizeof(uint64_t) == 0)
			objects[nr++] = object;
	}
	if (!nr)
		return 0;
	found = called_by(python, objects, nr, frame);
	if (found)
		return found;
	unwrap(python, objects, nr);
	return called_by(python, objects, nr, frame);
}

/* The innermost frame of the coroutines that run for the Task. 0 or -errno. */
static int innermost_frame(struct python *python, uint64_t task, uint64_t *frame)
{
	struct py_coroutine coroutine;
	uint64_t object;
	int err = py_task_coro(python, task, &object);

	if (err)
		return err;
	*frame = 0;
	for (int i = 0; object && i < DEPTH_MAX; i++) {
		err = py_coroutine_read(python, object, &coroutine);
		if (err || coroutine.state != PY_COROUTINE_RUNNING)
			return *frame ? 0 : -ENOENT;
		*frame = coroutine.frame;
		object = awaited_by(python, coroutine.frame);
	}
	return *frame ? 0 : -ENOENT;
}

int python_task_frames(struct python *python, uint64_t task, struct bp_python_frame *frames,
		       size_t max)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame *own __freeing = NULL;
	uint64_t frame;
	int nr = innermost_frame(python, task, &frame);

	if (max > PY_FRAMES_MAX)
		max = PY_FRAMES_MAX;
	own = nr ? NULL : calloc(max, sizeof(*own));
	if (!own)
		return nr ? nr : -ENOMEM;
	nr = py_frames_from(python, frame, own, max);
	for (int i = 0; i < nr; i++)
		frames[i] = py_frame_sent(&own[i]);
	return nr;
}
