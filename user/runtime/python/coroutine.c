// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * coroutine.c - what Objects/genobject.c knows of a coroutine. All three types
 * begin alike (_PyGenObject_HEAD); what one awaits lies on top of the stack of
 * its frame, if the instruction it stands at is a "yield from" (_PyGen_yf()).
 */
#include "runtime/python/coroutine.h"

#include <errno.h>
#include <string.h>

#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

#define FRAME_BYTES 128 /* up to and with the stack's top, in every version */
#define CORO_BYTES  80 /* of the object itself: up to its frame, from 3.11 on */
#define STACK_MAX   65536 /* objects on one frame's stack */

#define YIELD_FROM 72 /* Include/opcode.h, 3.8 to 3.10 */
/* From 3.11 on RESUME follows: its argument says after what (Include/internal/pycore_opcode_utils.h). */
#define RESUME_AFTER_YIELD_FROM 2

/* Frame states that stand in objects (3.10: pycore_frame.h's PyFrameState, as a signed byte). */
#define FRAME_EXECUTING 0

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int32_t int_at(const unsigned char *bytes, size_t at)
{
	int32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* 3.8 to 3.10: does the instruction after lasti (in bytes) yield from something? */
static bool yields_from(const struct python *python, uint64_t code, int64_t lasti)
{
	uint64_t bytecode, size;
	unsigned char opcode;

	if (memory_read_ptr(&python->memory, code + python->layout.code_bytes, &bytecode) ||
	    memory_read_ptr(&python->memory, bytecode + PY_VAR_SIZE, &size) ||
	    (uint64_t)lasti + 2 >= size)
		return false;
	return !memory_read(&python->memory, bytecode + PY_BYTES_DATA + (uint64_t)lasti + 2,
			    &opcode, sizeof(opcode)) &&
	       opcode == YIELD_FROM;
}

/* 3.8 and 3.9 have a pointer to the stack's top, 3.10 the number of objects on it. */
static uint64_t stack_top(const struct py_layout *layout, const unsigned char *frame)
{
	uint64_t bottom = word_at(frame, layout->frame_valuestack);
	int64_t depth;

	if (layout->minor < 10) {
		uint64_t top = word_at(frame, layout->frame_stacktop);

		if (top <= bottom || top - bottom > STACK_MAX * sizeof(uint64_t))
			return 0;
		return top - sizeof(uint64_t);
	}
	depth = int_at(frame, layout->frame_stacktop);
	return depth > 0 && depth <= STACK_MAX ? bottom + (uint64_t)(depth - 1) * sizeof(uint64_t)
					       : 0;
}

static enum py_coroutine_state old_state(const struct py_layout *layout, const unsigned char *frame)
{
	if (layout->minor < 10) {
		if (frame[layout->frame_state])
			return PY_COROUTINE_RUNNING;
		if (!word_at(frame, layout->frame_stacktop))
			return PY_COROUTINE_ENDED;
	} else {
		int8_t state = (int8_t)frame[layout->frame_state];

		if (state == FRAME_EXECUTING)
			return PY_COROUTINE_RUNNING;
		if (state > FRAME_EXECUTING)
			return PY_COROUTINE_ENDED;
	}
	return int_at(frame, layout->kernel.frame_instr) < 0 ? PY_COROUTINE_CREATED
							     : PY_COROUTINE_SUSPENDED;
}

/* 3.8 to 3.10: the coroutine points to its frame, and no longer when it has ended. */
static int read_old(const struct python *python, const unsigned char *object,
		    struct py_coroutine *out)
{
	const struct py_layout *layout = &python->layout;
	unsigned char frame[FRAME_BYTES];
	int64_t lasti;
	uint64_t top;
	int err;

	out->frame = word_at(object, layout->coro_frame);
	if (!out->frame) {
		out->state = PY_COROUTINE_ENDED;
		return 0;
	}
	err = memory_read(&python->memory, out->frame, frame, sizeof(frame));
	if (err)
		return err;
	out->code = word_at(frame, layout->kernel.frame_code);
	out->instr = (uint32_t)int_at(frame, layout->kernel.frame_instr);
	out->state = old_state(layout, frame);
	if (out->state != PY_COROUTINE_SUSPENDED)
		return 0;
	lasti = int_at(frame, layout->kernel.frame_instr);
	if (layout->minor == 10)
		lasti *= 2;
	top = stack_top(layout, frame);
	if (!top || !yields_from(python, out->code, lasti))
		return 0;
	return memory_read_ptr(&python->memory, top, &out->awaits);
}

/* Whether the suspended frame awaits what is on its stack: said by its state from 3.13 on. */
static bool awaits(const struct python *python, int8_t state, uint64_t instr)
{
	const struct py_layout *layout = &python->layout;
	unsigned char next[2];

	if (layout->coro_awaiting)
		return state >= layout->coro_awaiting && state < layout->coro_executing;
	return !memory_read(&python->memory, instr + sizeof(next), next, sizeof(next)) &&
	       next[1] >= RESUME_AFTER_YIELD_FROM;
}

/* 3.11 to 3.13 have the number of objects, with local variables; 3.14 the top's address. 0: nonsense. */
static uint64_t new_stack_top(const struct py_layout *layout, uint64_t addr,
			      const unsigned char *frame)
{
	uint64_t bottom = addr + layout->frame_locals, size;

	if (layout->minor >= 14)
		size = word_at(frame, layout->frame_stacktop) - bottom;
	else
		size = (uint64_t)int_at(frame, layout->frame_stacktop) * sizeof(uint64_t);
	return size % sizeof(uint64_t) == 0 && size >= layout->coro_awaits_at * sizeof(uint64_t) &&
			       size <= STACK_MAX * sizeof(uint64_t)
		       ? bottom + size
		       : 0;
}

/* From 3.11 on the frame is the end of the coroutine. */
static int read_new(const struct python *python, uint64_t addr, const unsigned char *object,
		    struct py_coroutine *out)
{
	const struct py_layout *layout = &python->layout;
	int8_t state = (int8_t)object[layout->coro_state];
	unsigned char frame[FRAME_BYTES] = { 0 };
	uint64_t top;
	int err;

	if (state > layout->coro_executing) {
		out->state = PY_COROUTINE_ENDED;
		return 0;
	}
	out->frame = addr + layout->coro_frame;
	err = memory_read(&python->memory, out->frame, frame, layout->frame_stacktop + 8);
	if (err)
		return err;
	out->code = word_at(frame, layout->kernel.frame_code) & ~PY_REF_MARKS;
	out->instr = word_at(frame, layout->kernel.frame_instr);
	out->state = state == layout->coro_executing ? PY_COROUTINE_RUNNING
		     : state == layout->coro_created ? PY_COROUTINE_CREATED
						     : PY_COROUTINE_SUSPENDED;
	if (out->state != PY_COROUTINE_SUSPENDED || !awaits(python, state, out->instr))
		return 0;
	top = new_stack_top(layout, out->frame, frame);
	if (!top)
		return 0;
	err = memory_read_ptr(&python->memory, top - layout->coro_awaits_at * sizeof(uint64_t),
			      &out->awaits);
	out->awaits = py_ref_object(out->awaits);
	return err;
}

int py_coroutine_read(const struct python *python, uint64_t object, struct py_coroutine *out)
{
	const struct py_layout *layout = &python->layout;
	unsigned char bytes[CORO_BYTES];
	int err;

	*out = (struct py_coroutine){ 0 };
	/* those of 3.13 and later are what the interpreter says */
	if (object % sizeof(uint64_t) || layout->kernel.frame_code > FRAME_BYTES - 8 ||
	    layout->kernel.frame_instr > FRAME_BYTES - 8 ||
	    layout->frame_stacktop > FRAME_BYTES - 8 || layout->coro_state >= CORO_BYTES)
		return -EINVAL;
	err = memory_read(&python->memory, object, bytes, sizeof(bytes));
	if (err)
		return err;
	out->qualname = word_at(bytes, layout->coro_qualname);
	return layout->code_bytecode ? read_new(python, object, bytes, out)
				     : read_old(python, bytes, out);
}
