// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * own_future.c - how a concurrent.futures.Future shows that a loop's callback is to set it:
 * asyncio's run_coroutine_threadsafe() leaves closures in the loop's _ready, and then in
 * the future's callbacks.
 */
#include <string.h>

#include "base/strings.h"
#include "runtime/python/dict.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"

#define FRAMES	       16 /* innermost ones: result(), and what it waits in */
#define CALLBACKS_MAX  16
#define HANDLE_WORDS   10 /* of an asyncio.Handle */
#define FUNCTION_WORDS 18 /* of a function, its closure among them */
#define CELLS_MAX      8

/* Objects/listobject.h, Modules/_collectionsmodule.c and Objects/cellobject.h, alike in all versions. */
#define LIST_ITEMS     24
#define TUPLE_ITEMS    24
#define DEQUE_RIGHT    32
#define DEQUE_RIGHT_AT 48
#define BLOCK_ITEMS    8
#define BLOCK_LENGTH   64
#define CELL_CONTENT   16

/* A word of an object that is no address reads as nothing. */
static uint64_t word_at(const struct python *python, uint64_t addr)
{
	uint64_t word = 0;

	if (!addr || addr % sizeof(word) || memory_read_ptr(&python->memory, addr, &word))
		return 0;
	return word;
}

static bool tuple_has_cell(const struct python *python, uint64_t tuple, uint64_t content)
{
	uint64_t words[TUPLE_ITEMS / 8 + CELLS_MAX];
	ssize_t got;
	uint64_t nr;

	if (!tuple || tuple % sizeof(words[0]))
		return false;
	got = memory_read_most(&python->memory, tuple, words, sizeof(words));
	if (got < TUPLE_ITEMS + 8)
		return false;
	nr = words[PY_VAR_SIZE / 8];
	for (uint64_t i = 0;
	     i < nr && nr <= CELLS_MAX && TUPLE_ITEMS + (i + 1) * sizeof(words[0]) <= (uint64_t)got;
	     i++)
		if (word_at(python, words[TUPLE_ITEMS / 8 + i] + CELL_CONTENT) == content)
			return true;
	return false;
}

/* Whether the function has this object in its closure, wherever in it that stands. */
static bool closes_over(struct python *python, uint64_t function, uint64_t object)
{
	uint64_t words[FUNCTION_WORDS];

	if (!py_is_instance(python, function, "function") ||
	    memory_read(&python->memory, function, words, sizeof(words)))
		return false;
	for (size_t i = 2; i < FUNCTION_WORDS; i++)
		if (tuple_has_cell(python, words[i], object))
			return true;
	return false;
}

/* What is to be called when the future is done includes what belongs to the loop. */
static bool is_chained(struct python *python, uint64_t future, uint64_t loop)
{
	uint64_t list, items, nr;

	if (py_attribute(python, future, "_done_callbacks", &list))
		return false;
	nr = word_at(python, list + PY_VAR_SIZE);
	items = word_at(python, list + LIST_ITEMS);
	for (uint64_t i = 0; items && i < nr && i < CALLBACKS_MAX; i++)
		if (closes_over(python, word_at(python, items + i * 8), loop))
			return true;
	return false;
}

/* Of what the loop is to call next, the latest ones. */
static bool is_ready(struct python *python, uint64_t future, uint64_t loop)
{
	uint64_t deque, block, at, nr, handle[HANDLE_WORDS];

	if (py_attribute(python, loop, "_ready", &deque) ||
	    !py_is_instance(python, deque, "collections.deque"))
		return false;
	nr = word_at(python, deque + PY_VAR_SIZE);
	block = word_at(python, deque + DEQUE_RIGHT);
	at = word_at(python, deque + DEQUE_RIGHT_AT);
	for (uint64_t i = 0; i < nr && i < CALLBACKS_MAX && block && at < BLOCK_LENGTH; i++) {
		uint64_t item = word_at(python, block + BLOCK_ITEMS + at * 8);

		if (item && !memory_read(&python->memory, item, handle, sizeof(handle)))
			for (size_t k = 2; k < HANDLE_WORDS; k++)
				if (closes_over(python, handle[k], future))
					return true;
		if (!at)
			block = word_at(python, block);
		at = at ? at - 1 : BLOCK_LENGTH - 1;
	}
	return false;
}

bool python_waits_for_own_loop(struct python *python, uint64_t fsbase)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame frames[FRAMES];
	int nr = py_frames(python, fsbase, frames, FRAMES);
	struct python_loop loop;
	uint64_t future = 0;

	for (int i = 0; i < nr && !future; i++) {
		const struct py_code *code;

		if (py_code_at(python, frames[i].code, &code) || !code->fn || !code->file ||
		    !ends_with(code->fn, "result") ||
		    !ends_with(code->file, "concurrent/futures/_base.py"))
			continue;
		if (py_frame_local(python, &frames[i], "self", &future))
			return false;
	}
	if (!future || python_thread_loop(python, fsbase, &loop) || !loop.loop_object)
		return false;
	return is_chained(python, future, loop.loop_object) ||
	       is_ready(python, future, loop.loop_object);
}
