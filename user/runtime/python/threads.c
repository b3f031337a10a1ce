// SPDX-License-Identifier: GPL-2.0-or-later
/* threads.c - where the list of thread states is, and for how long a walk of it holds. */
#include "runtime/python/threads.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "runtime/python/interpreter.h"

#define INTERPRETERS_MAX 64
#define THREADS_MAX	 16384
/* What is read of a thread state at once. */
#define TSTATE_BYTES_MAX 256
/* A long list is not walked again for so long, for threads that are not in it. */
#define LONG_LIST 64
#define FRESH_NS  (5 * NS_PER_MS)

struct py_thread {
	uint64_t pthread;
	uint64_t tstate;
};

struct py_threads {
	struct py_thread *v;
	size_t nr;
	size_t capacity;
	uint64_t walked_ns;
};

struct py_threads *py_threads_new(void)
{
	return calloc(1, sizeof(struct py_threads));
}

void py_threads_free(struct py_threads *threads)
{
	if (threads)
		free(threads->v);
	free(threads);
}

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int add(struct py_threads *threads, uint64_t pthread, uint64_t tstate)
{
	if (threads->nr == threads->capacity) {
		size_t capacity = threads->capacity ? 2 * threads->capacity : 16;
		struct py_thread *v = realloc(threads->v, capacity * sizeof(*v));

		if (!v)
			return -ENOMEM;
		threads->v = v;
		threads->capacity = capacity;
	}
	threads->v[threads->nr++] = (struct py_thread){ pthread, tstate };
	return 0;
}

static int read_tstate(const struct python *python, uint64_t addr,
		       unsigned char bytes[TSTATE_BYTES_MAX])
{
	const struct bp_python *layout = &python->layout.kernel;
	size_t size = layout->tstate_thread_id + sizeof(uint64_t);

	if (size > TSTATE_BYTES_MAX || layout->tstate_frame > size - 8 ||
	    layout->tstate_next > size - 8)
		return -ENOTSUP;
	return memory_read(&python->memory, addr, bytes, size);
}

static int walk_interpreter(const struct python *python, uint64_t interp)
{
	const struct bp_python *layout = &python->layout.kernel;
	unsigned char bytes[TSTATE_BYTES_MAX];
	uint64_t addr;
	int err = memory_read_ptr(&python->memory, interp + layout->interp_threads_head, &addr);

	while (!err && addr && python->threads->nr < THREADS_MAX) {
		err = read_tstate(python, addr, bytes);
		if (!err)
			err = add(python->threads, word_at(bytes, layout->tstate_thread_id), addr);
		if (!err)
			addr = word_at(bytes, layout->tstate_next);
	}
	return err;
}

/* What was read before an error counts: lists change while they are read. */
static int walk(const struct python *python)
{
	uint64_t interp;
	int err = memory_read_ptr(&python->memory,
				  python->runtime + python->layout.runtime_interpreters, &interp);

	python->threads->nr = 0;
	for (int i = 0; !err && interp && i < INTERPRETERS_MAX; i++) {
		err = walk_interpreter(python, interp);
		if (!err)
			err = memory_read_ptr(&python->memory, interp + python->layout.interp_next,
					      &interp);
	}
	python->threads->walked_ns = clock_coarse_ns();
	return err;
}

/* The frame that a thread state runs, which from 3.11 to 3.12 is one step further; 0: none. */
static int innermost_of(const struct python *python, const unsigned char *bytes, uint64_t *frame)
{
	const struct bp_python *layout = &python->layout.kernel;

	*frame = word_at(bytes, layout->tstate_frame);
	if (!layout->tstate_has_cframe || !*frame)
		return 0;
	return memory_read_ptr(&python->memory, *frame + layout->cframe_frame, frame);
}

/* Among those known. -ESRCH: not among them, or no longer. */
static int find_known(const struct python *python, uint64_t fsbase, uint64_t *tstate,
		      uint64_t *frame)
{
	unsigned char bytes[TSTATE_BYTES_MAX];
	int err = -ESRCH;

	*frame = 0;
	for (size_t i = 0; i < python->threads->nr && !*frame; i++) {
		const struct py_thread *thread = &python->threads->v[i];

		if (thread->pthread != fsbase || read_tstate(python, thread->tstate, bytes) ||
		    word_at(bytes, python->layout.kernel.tstate_thread_id) != fsbase)
			continue;
		*tstate = thread->tstate;
		err = innermost_of(python, bytes, frame);
	}
	return err;
}

int py_threads_find(const struct python *python, uint64_t fsbase, uint64_t *tstate, uint64_t *frame)
{
	int err = find_known(python, fsbase, tstate, frame), walked;

	/* one that runs no frames may have another state, in an interpreter made since */
	if ((!err && *frame) || (python->threads->nr > LONG_LIST &&
				 clock_coarse_ns() - python->threads->walked_ns < FRESH_NS))
		return err;
	walked = walk(python);
	err = find_known(python, fsbase, tstate, frame);
	return err == -ESRCH && walked ? walked : err;
}

int py_threads_list(const struct python *python, uint64_t *pthreads, size_t max)
{
	int err = walk(python);
	size_t nr = 0;

	for (size_t i = 0; i < python->threads->nr && nr < max; i++)
		pthreads[nr++] = python->threads->v[i].pthread;
	return err && !nr ? err : (int)nr;
}
