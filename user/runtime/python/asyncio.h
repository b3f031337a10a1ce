/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BLOCKPROF_RUNTIME_PYTHON_ASYNCIO_H
#define BLOCKPROF_RUNTIME_PYTHON_ASYNCIO_H

#include <stddef.h>
#include <stdint.h>

struct python;

/* The dict {loop: task that runs on it}. -ENOENT: asyncio is not imported (yet). */
int py_current_tasks(struct python *python, uint64_t interp, uint64_t *dict);

/* The coroutine of a task; 0: it has ended. */
int py_task_coro(struct python *python, uint64_t task, uint64_t *coro);

/* A task's name, from the object that holds it. */
int py_task_name(struct python *python, uint64_t object, char *out, size_t size);

#endif
