// SPDX-License-Identifier: GPL-2.0-or-later
/* pools.c - concurrent.futures: who is a worker of which pool, and what waits in its queue. */
#include "runtime/python/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/python/dict.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/module.h"
#include "runtime/python/object.h"
#include "runtime/python/set.h"
#include "runtime/python/task_lists.h"
#include "runtime/python/threads.h"

/* Frames of a worker that are read: one in a deeper recursion is not seen as a worker then. */
#define WORKER_FRAMES 512
#define THREADS_MAX   1024

/* Objects/listobject.h and setobject.h, the same in every supported version. */
#define LIST_ITEMS 24
#define SET_USED   24

/* Modules/_queuemodule.c: simplequeueobject up to 3.12, and with a ring from 3.13 on. */
#define QUEUE_LIST	    32
#define QUEUE_LIST_POSITION 40
#define RING_GET	    32
#define RING_ITEMS	    40
#define RING_CAPACITY	    48
#define RING_NR		    56

/* More than these are not believed. */
#define QUEUE_MAX (1u << 26)
#define SET_MAX	  (1u << 26)

static enum py_code_kind kind_at(struct python *python, const struct py_frame *frame)
{
	const struct py_code *code;

	return py_code_at(python, frame->code, &code) ? PY_CODE_OTHER : code->kind;
}

/* Whether the thread is a worker. frames: room for WORKER_FRAMES. */
static bool is_worker(struct python *python, uint64_t pthread, struct py_frame *frames,
		      struct python_worker *worker)
{
	int nr = py_frames(python, pthread, frames, WORKER_FRAMES);

	/* it is one of the outermost: thread bootstrap, run, _worker */
	for (int i = nr - 1; i >= 0; i--) {
		if (kind_at(python, &frames[i]) != PY_CODE_POOL_WORKER)
			continue;
		worker->pthread = pthread;
		worker->busy = i > 0 && kind_at(python, &frames[i - 1]) == PY_CODE_POOL_RUN;
		return !py_frame_local(python, &frames[i], "work_queue", &worker->pool);
	}
	return false;
}

int python_workers(struct python *python, struct python_worker *workers, size_t max)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct py_frame *frames __freeing = calloc(WORKER_FRAMES, sizeof(*frames));
	uint64_t *pthreads __freeing = calloc(THREADS_MAX, sizeof(*pthreads));
	size_t nr = 0;
	int nr_threads;

	if (!frames || !pthreads)
		return -ENOMEM;
	nr_threads = py_threads_list(python, pthreads, THREADS_MAX);
	if (nr_threads < 0)
		return nr_threads;
	for (int i = 0; i < nr_threads && nr < max; i++)
		nr += is_worker(python, pthreads[i], frames, &workers[nr]);
	return (int)nr;
}

static int list_queue(struct python *python, uint64_t queue, uint64_t *items, size_t max,
		      uint64_t *nr)
{
	uint64_t list, array, position, size;
	int err = memory_read_ptr(&python->memory, queue + QUEUE_LIST, &list);

	if (!err)
		err = memory_read_ptr(&python->memory, queue + QUEUE_LIST_POSITION, &position);
	if (!err)
		err = memory_read_ptr(&python->memory, list + PY_VAR_SIZE, &size);
	if (!err)
		err = memory_read_ptr(&python->memory, list + LIST_ITEMS, &array);
	if (err)
		return err;
	if (size > QUEUE_MAX || position > size)
		return -EINVAL;
	*nr = size - position;
	if (max > *nr)
		max = *nr;
	err = max ? memory_read(&python->memory, array + position * sizeof(*items), items,
				max * sizeof(*items))
		  : 0;
	return err ? err : (int)max;
}

static int ring_queue(struct python *python, uint64_t queue, uint64_t *items, size_t max,
		      uint64_t *nr)
{
	uint64_t words[(RING_NR - RING_GET) / 8 + 1], first, array, capacity, head;
	struct memory_piece pieces[2];
	int err = memory_read(&python->memory, queue + RING_GET, words, sizeof(words));

	if (err)
		return err;
	first = words[0];
	array = words[(RING_ITEMS - RING_GET) / 8];
	capacity = words[(RING_CAPACITY - RING_GET) / 8];
	*nr = words[(RING_NR - RING_GET) / 8];
	if (capacity > QUEUE_MAX || *nr > capacity || first > capacity)
		return -EINVAL;
	if (max > *nr)
		max = *nr;
	if (!max)
		return 0;
	/* up to the end of the ring, and on from its beginning */
	head = capacity - first < max ? capacity - first : max;
	pieces[0] = (struct memory_piece){ array + first * sizeof(*items), items,
					   head * sizeof(*items), 0 };
	pieces[1] = (struct memory_piece){ array, items + head, (max - head) * sizeof(*items), 0 };
	err = memory_read_all(&python->memory, pieces, 2);
	return err ? err : (int)max;
}

int python_pool_queue(struct python *python, uint64_t pool, uint64_t *items, size_t max,
		      uint64_t *nr)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	int stored;

	*nr = 0;
	if (!py_is_instance(python, pool, "_queue.SimpleQueue"))
		return -EINVAL;
	stored = python->layout.minor < 13 ? list_queue(python, pool, items, max, nr)
					   : ring_queue(python, pool, items, max, nr);
	/* a pool that is shut down has None behind its work, for each worker to see */
	while (stored > 0 && !py_is_instance(python, items[stored - 1], "_WorkItem")) {
		stored--;
		--*nr;
	}
	return stored;
}

/* Members of a set, or of the set of weak references that a weakref.WeakSet keeps. */
static int members(struct python *python, uint64_t object, uint64_t *nr)
{
	uint64_t set = object;
	int err;

	if (py_is_instance(python, object, "WeakSet")) {
		err = py_weak_set_data(python, object, &set);
		if (err)
			return err;
	}
	if (!py_is_instance(python, set, "set"))
		return -EINVAL;
	return memory_read_ptr(&python->memory, set + SET_USED, nr);
}

/* Lib/asyncio/tasks.py; which of them there are depends on the version. */
static int find_task_sets(struct python *python)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	static const char *const names[] = { "_all_tasks", "_scheduled_tasks", "_eager_tasks" };
	uint64_t interp, dict;
	int err = py_main_interpreter(python, &interp);

	if (!err)
		err = py_module_dict(python, interp, "asyncio.tasks", &dict);
	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		python->task_sets[i] = 0;
		if (!py_dict_get(python, dict, names[i], &python->task_sets[i]))
			err = 0;
	}
	return err;
}

/* Tasks that have ended leave their set when they are freed. */
static int count_tasks(struct python *python, uint64_t *nr)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	size_t max = sizeof(python->task_sets) / sizeof(python->task_sets[0]);
	int err = -ENOENT;

	*nr = 0;
	for (size_t i = 0; i < max; i++) {
		uint64_t count;

		if (!python->task_sets[i])
			continue;
		err = members(python, python->task_sets[i], &count);
		if (!err && count > SET_MAX)
			err = -EINVAL;
		if (err)
			return err;
		*nr += count;
	}
	return err;
}

int python_tasks_count(struct python *python, uint64_t *nr)
{
	int err;

	if (py_asyncio_has_debug(python) && !py_asyncio_learn(python)) {
		*nr = 0;
		return py_task_lists_read(python, 0, NULL, nr);
	}
	err = count_tasks(python, nr);
	if (err)
		err = find_task_sets(python);
	return err ? err : count_tasks(python, nr);
}
