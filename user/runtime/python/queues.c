// SPDX-License-Identifier: GPL-2.0-or-later
/* queues.c - how BaseEventLoop keeps callbacks that are ready, and timers: _ready is a deque, _scheduled a heap of TimerHandles. */
#include "runtime/python/queues.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"

#define TIMERS_MAX 64
#define READY_MAX  (1u << 26) /* more are not believed */

/*
 * The slots of Handle and TimerHandle (Lib/asyncio/events.py), each class's in the order
 * of their names; a list of weak references lies between the two, or not.
 */
#define HANDLE_CANCELLED  32
#define TIMER_WHEN	  80 /* without one */
#define TIMER_WHEN_BEHIND 88
#define TIMER_BYTES	  96

int python_loop_ready(struct python *python, uint64_t loop, int64_t *nr)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	uint64_t deque, size;
	int err = py_attribute(python, loop, "_ready", &deque);

	if (!err && !py_is_instance(python, deque, "collections.deque"))
		err = -EINVAL;
	if (!err)
		err = memory_read_ptr(&python->memory, deque + PY_VAR_SIZE, &size);
	if (!err && size > READY_MAX)
		err = -EINVAL;
	if (!err)
		*nr = (int64_t)size;
	return err;
}

/* Of a bool, which is an int. True where that cannot be read. */
static bool is_true(struct python *python, uint64_t object)
{
	uint64_t value;

	return py_long(python, object, &value) || value;
}

/* Timers, copied; read all of a kind in one go, as each answer has to be waited for. */
struct timers {
	struct python *python;
	size_t nr;
	size_t when; /* where in a TimerHandle */
	uint64_t unset; /* the address of False, once it is known */
	uint64_t float_type; /* likewise */
	unsigned char handles[TIMERS_MAX][TIMER_BYTES];
	int handle_errors[TIMERS_MAX];
	/* what stands at when of each, from its type on */
	struct {
		uint64_t type;
		double seconds;
	} dues[TIMERS_MAX];
	int due_errors[TIMERS_MAX];
};

static uint64_t word_at(const unsigned char *bytes, size_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static int read_handles(struct timers *timers, uint64_t items)
{
	const struct memory *memory = &timers->python->memory;
	struct memory_piece pieces[TIMERS_MAX];
	uint64_t timer[TIMERS_MAX];
	int err = memory_read(memory, items, timer, timers->nr * sizeof(timer[0]));

	for (size_t i = 0; i < timers->nr; i++)
		pieces[i] = (struct memory_piece){ timer[i], timers->handles[i], TIMER_BYTES, 0 };
	if (!err)
		err = memory_read_pieces(memory, pieces, timers->nr);
	for (size_t i = 0; i < timers->nr; i++)
		timers->handle_errors[i] = pieces[i].error;
	return err;
}

/* Where the first of them has a float. */
static int find_when(struct timers *timers)
{
	static const size_t places[] = { TIMER_WHEN_BEHIND, TIMER_WHEN };
	double seconds;

	for (size_t i = 0; i < timers->nr; i++)
		for (size_t k = 0; k < 2 && !timers->handle_errors[i]; k++) {
			uint64_t when = word_at(timers->handles[i], places[k]);

			if (!when || py_float(timers->python, when, &seconds) ||
			    py_type_of(timers->python, when, &timers->float_type))
				continue;
			timers->when = places[k];
			return 0;
		}
	return -EINVAL;
}

static int read_dues(struct timers *timers)
{
	struct memory_piece pieces[TIMERS_MAX];
	int err;

	for (size_t i = 0; i < timers->nr; i++)
		pieces[i] = (struct memory_piece){ word_at(timers->handles[i], timers->when) +
							   PY_OBJECT_TYPE,
						   &timers->dues[i], sizeof(timers->dues[i]), 0 };
	err = memory_read_pieces(&timers->python->memory, pieces, timers->nr);
	for (size_t i = 0; i < timers->nr; i++)
		timers->due_errors[i] = pieces[i].error;
	return err;
}

/* When it is due by loop.time(); 0: never, or nonsense. */
static uint64_t due_of(struct timers *timers, size_t i)
{
	uint64_t cancelled = word_at(timers->handles[i], HANDLE_CANCELLED);
	double seconds = timers->dues[i].seconds;

	if (timers->handle_errors[i] || timers->due_errors[i] ||
	    timers->dues[i].type != timers->float_type || !isfinite(seconds) || seconds <= 0 ||
	    seconds > (double)(UINT64_MAX / NS_PER_SEC / 2))
		return 0;
	if (cancelled != timers->unset) {
		if (is_true(timers->python, cancelled))
			return 0;
		timers->unset = cancelled;
	}
	return (uint64_t)(seconds * NS_PER_SEC);
}

int python_loop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct timers *timers __freeing = NULL;
	uint64_t list, items, size;
	size_t nr = 0;
	int err;

	if (python->other_clock)
		return -ENOTSUP;
	err = py_attribute(python, loop, "_scheduled", &list);
	if (!err && !py_is_instance(python, list, "list"))
		err = -EINVAL;
	if (!err)
		err = memory_read_ptr(&python->memory, list + PY_VAR_SIZE, &size);
	if (err || !size || !max)
		return err;
	timers = calloc(1, sizeof(*timers));
	if (!timers)
		return -ENOMEM;
	timers->python = python;
	timers->nr = size < TIMERS_MAX ? size : TIMERS_MAX;
	timers->nr = timers->nr < max ? timers->nr : max;
	err = memory_read_ptr(&python->memory, list + PY_LIST_ITEMS, &items);
	if (!err)
		err = read_handles(timers, items);
	if (!err)
		err = find_when(timers);
	if (!err)
		err = read_dues(timers);
	for (size_t i = 0; i < timers->nr && !err; i++) {
		uint64_t due = due_of(timers, i);

		if (due)
			due_ns[nr++] = due;
	}
	return err ? err : (int)nr;
}
