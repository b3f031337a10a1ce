// SPDX-License-Identifier: GPL-2.0-or-later
/* asyncio_debug.c - struct Py_AsyncioModuleDebugOffsets of Modules/_asynciomodule.c. */
#include "runtime/python/asyncio_debug.h"

#include <errno.h>

#include "runtime/python/dict.h"
#include "runtime/python/interpreter.h"

#define MINOR_MIN 14

/* Nothing is as large. A task must fit into what is read of one. */
#define TASK_BYTES_MAX	 176
#define TSTATE_BYTES_MAX (64u << 10)

struct offsets {
	uint64_t task_size;
	uint64_t task_name;
	uint64_t task_awaited_by;
	uint64_t task_is_task;
	uint64_t task_awaited_by_is_set;
	uint64_t task_coro;
	uint64_t task_node;
	uint64_t interp_size;
	uint64_t interp_tasks;
	uint64_t tstate_size;
	uint64_t tstate_loop;
	uint64_t tstate_task;
	uint64_t tstate_tasks;
};

bool py_asyncio_has_debug(const struct python *python)
{
	return python->layout.minor >= MINOR_MIN;
}

static bool fits(uint64_t offset, uint64_t size)
{
	return offset % sizeof(uint64_t) == 0 && offset >= PY_VAR_SIZE && offset < size;
}

/* Fields that it leaves out stand beside ones that it has (FutureObj_HEAD, TaskObj). */
static int take(struct python *python, const struct offsets *at)
{
	struct py_layout *layout = &python->layout;

	if (at->task_size > TASK_BYTES_MAX || at->interp_size > PY_INTERPRETER_BYTES_MAX ||
	    at->tstate_size > TSTATE_BYTES_MAX)
		return -ENOTSUP;
	if (!fits(at->task_name, at->task_size) || !fits(at->task_awaited_by, at->task_size) ||
	    !fits(at->task_coro, at->task_size) || !fits(at->task_node, at->task_size) ||
	    !fits(at->interp_tasks, at->interp_size) || !fits(at->tstate_task, at->tstate_size) ||
	    !fits(at->tstate_loop, at->tstate_size) || !fits(at->tstate_tasks, at->tstate_size))
		return -ENOTSUP;
	layout->task_name = (unsigned int)at->task_name;
	layout->task_coro = (unsigned int)at->task_coro;
	layout->task_waiter = (unsigned int)at->task_coro - 8;
	layout->task_state = (unsigned int)at->task_awaited_by + 8;
	python->asyncio = (struct py_asyncio_debug){
		.task_node = (unsigned int)at->task_node,
		.interp_tasks = (unsigned int)at->interp_tasks,
		.tstate_loop = (unsigned int)at->tstate_loop,
		.tstate_task = (unsigned int)at->tstate_task,
		.tstate_tasks = (unsigned int)at->tstate_tasks,
	};
	return 0;
}

int py_asyncio_learn(struct python *python)
{
	uint64_t interp, modules, nentries, module, addr;
	struct offsets offsets;
	int err;

	if (python->asyncio.tstate_task)
		return 0;
	err = py_main_interpreter(python, &interp);
	if (!err)
		err = memory_read_ptr(&python->memory, interp + python->layout.interp_modules,
				      &modules);
	if (!err)
		err = py_dict_nentries(python, modules, &nentries);
	if (err)
		return err;
	/* the files that are mapped are searched when there is something new */
	if (nentries == python->asyncio_entries)
		return -ENOENT;
	err = py_dict_get(python, modules, "_asyncio", &module);
	if (!err)
		err = py_find_asyncio(python->symbols, &python->memory, &addr);
	if (!err)
		err = memory_read(&python->memory, addr, &offsets, sizeof(offsets));
	if (!err)
		err = take(python, &offsets);
	if (err && err != -EBUSY && err != -ETIMEDOUT)
		python->asyncio_entries = nentries;
	return err;
}
