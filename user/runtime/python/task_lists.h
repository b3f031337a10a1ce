/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task_lists.h - asyncio's tasks from 3.14 on: each thread state has a ring of
 * those that it made, the interpreter has one of those whose thread has ended.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_TASK_LISTS_H
#define BLOCKPROF_RUNTIME_PYTHON_TASK_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/python/set.h"

struct python;

/*
 * Appends the tasks, up to max objects in all. *left_out counts those that
 * there was no room for. out NULL: they are only counted there. py_asyncio_learn()
 * has succeeded. -EAGAIN: they changed all the time.
 */
int py_task_lists_read(struct python *python, size_t max, struct py_objects *out,
		       uint64_t *left_out);

#endif
