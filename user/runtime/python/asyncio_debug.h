/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asyncio_debug.h - where _asyncio of 3.14 and later keeps its tasks and what
 * runs: it says so itself, in a section called .AsyncioDebug.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_ASYNCIO_DEBUG_H
#define BLOCKPROF_RUNTIME_PYTHON_ASYNCIO_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

struct python;

/* Offsets in bytes. */
struct py_asyncio_debug {
	unsigned int task_node; /* of a task: its place in a list of tasks */
	unsigned int interp_tasks; /* of an interpreter: the list of tasks whose thread has ended */
	unsigned int
		tstate_task; /* of a thread state: the task that runs on it; 0: none of this is known */
	unsigned int tstate_loop; /* the loop that it runs */
	unsigned int tstate_tasks; /* and the list of its tasks */
};

/* Whether this is a version that has it: the older ones have dicts and sets instead. */
bool py_asyncio_has_debug(const struct python *python);

/*
 * Fills python->asyncio and what python->layout has of tasks, if _asyncio is
 * imported. 0; -ENOENT: it is not (yet); -ENOTSUP: it makes no sense.
 */
int py_asyncio_learn(struct python *python);

#endif
