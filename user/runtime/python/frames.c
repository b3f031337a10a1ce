// SPDX-License-Identifier: GPL-2.0-or-later
/* frames.c - how the interpreter's frames hang together, and which begin a run of its loop. */
#include "runtime/python/frames.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/threads.h"

/* What is read of a frame at once. */
#define FRAME_BYTES_MAX 128
#define WINDOW_BYTES	2048

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* What was read of the memory below a frame, where its callers are as a rule. */
struct window {
	uint64_t addr;
	size_t bytes;
	unsigned char v[WINDOW_BYTES];
	uint64_t frame; /* the one before; 0: there was none */
};

/*
 * From 3.11 on the frames of one run of the loop lie side by side (_PyStackChunk of
 * Include/cpython/pystate.h); those of coroutines, and all before that, do not.
 */
static int read_frame(const struct memory *memory, struct window *window, uint64_t addr,
		      unsigned char *bytes, size_t size)
{
	uint64_t callee = window->frame, at = addr - window->addr;
	struct memory_piece pieces[] = {
		{ addr, bytes, size, 0 },
		{ addr + size - sizeof(window->v), window->v, sizeof(window->v), 0 },
	};
	bool is_close = callee > addr && callee - addr < sizeof(window->v);

	window->frame = addr;
	if (at < window->bytes && size <= window->bytes - at) {
		memcpy(bytes, window->v + at, size);
		return 0;
	}
	memory_read_pieces(memory, pieces, is_close ? 2 : 1);
	if (is_close) {
		window->addr = pieces[1].addr;
		window->bytes = pieces[1].error ? 0 : sizeof(window->v);
	}
	return pieces[0].error;
}

/* The thread's innermost frame, 0: it runs no Python code now; and struct _PyCFrame, 0: there are none. */
static int innermost(const struct python *python, uint64_t fsbase, uint64_t *frame,
		     uint64_t *cframe)
{
	uint64_t tstate;
	int err = py_threads_find(python, fsbase, &tstate, frame);

	*cframe = 0;
	if (err || !python->layout.kernel.tstate_cframe)
		return err;
	return memory_read_ptr(&python->memory, tstate + python->layout.kernel.tstate_cframe,
			       cframe);
}

/* From this frame outwards. */
static int walk(const struct python *python, uint64_t addr, uint64_t cframe,
		struct py_frame *frames, size_t max)
{
	const struct bp_python *layout = &python->layout.kernel;
	unsigned char bytes[FRAME_BYTES_MAX];
	struct window window = { .bytes = 0 };
	size_t size = layout->frame_instr + 16, nr = 0;

	if (layout->frame_owner >= size)
		size = layout->frame_owner + 1;
	if (size > sizeof(bytes) || layout->frame_back > size - 8 || layout->frame_code > size - 8)
		return -ENOTSUP;

	/* Each run of the evaluation loop has a frame of its own from 3.12 on: twice as many steps. */
	for (size_t steps = 0; addr && nr < max && steps < 2 * PY_FRAMES_MAX; steps++) {
		unsigned int owner = 0;

		/* What a page fault on the kernel side leaves out is left out here too. */
		if (read_frame(&python->memory, &window, addr, bytes, size))
			break;
		if (layout->frame_owner)
			owner = bytes[layout->frame_owner];
		if (layout->owner_cstack && owner >= layout->owner_cstack) {
			if (nr && !frames[nr - 1].is_entry) {
				frames[nr - 1].is_entry = true;
				frames[nr - 1].loop = addr;
			}
		} else {
			struct py_frame *frame = &frames[nr++];

			*frame = (struct py_frame){
				.addr = addr,
				.code = word_at(bytes, layout->frame_code) & ~PY_REF_MARKS,
				.instr = word_at(bytes, layout->frame_instr),
				.is_entry = !layout->frame_owner || (layout->frame_is_entry &&
								     bytes[layout->frame_is_entry]),
			};
			if (layout->instr_is_lasti)
				frame->instr &= UINT32_MAX;
			if (frame->is_entry && cframe) {
				frame->loop = cframe;
				if (memory_read_ptr(&python->memory,
						    cframe + layout->cframe_previous, &cframe))
					cframe = 0;
			}
		}
		addr = word_at(bytes, layout->frame_back);
	}
	return (int)nr;
}

int py_frames(const struct python *python, uint64_t fsbase, struct py_frame *frames, size_t max)
{
	uint64_t addr, cframe;
	int err = innermost(python, fsbase, &addr, &cframe);

	return err ? err : walk(python, addr, cframe, frames, max);
}

int py_frames_from(const struct python *python, uint64_t addr, struct py_frame *frames, size_t max)
{
	return walk(python, addr, 0, frames, max);
}

int py_frames_of_coroutine(const struct python *python, uint64_t coro, struct py_frame *frames,
			   size_t max)
{
	uint64_t addr = coro + python->layout.coro_frame;
	int err = 0;

	/* up to 3.10 it is an object of its own */
	if (python->layout.kernel.instr_is_lasti)
		err = memory_read_ptr(&python->memory, addr, &addr);
	return err ? err : walk(python, addr, 0, frames, max);
}

int py_frame_local(struct python *python, const struct py_frame *frame, const char *name,
		   uint64_t *object)
{
	const struct py_code *code;
	size_t index;
	int err = py_code_at(python, frame->code, &code);

	if (!err)
		err = py_code_local(python, code, name, &index);
	if (!err)
		err = memory_read_ptr(&python->memory,
				      frame->addr + python->layout.frame_locals +
					      index * sizeof(*object),
				      object);
	if (!err)
		*object = py_ref_object(*object);
	if (!err && !*object)
		err = -ENOENT;
	return err;
}

int python_frames(struct python *python, uint64_t fsbase, struct bp_python_frame *frames,
		  size_t max)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame *own __freeing = NULL;
	int nr;

	if (max > PY_FRAMES_MAX)
		max = PY_FRAMES_MAX;
	own = calloc(max, sizeof(*own));
	if (!own)
		return -ENOMEM;
	nr = py_frames(python, fsbase, own, max);
	for (int i = 0; i < nr; i++)
		frames[i] = py_frame_sent(&own[i]);
	return nr;
}
