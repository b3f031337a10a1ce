// SPDX-License-Identifier: GPL-2.0-or-later
/* awaits.c - which coroutines of the standard library stand for a lock, a queue, a sleep. */
#include "runtime/python/awaits.h"

#include <math.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/python/asyncio.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/object.h"

/* Coroutines of the standard library that await a future of their own making: what that stands for. */
static const struct {
	const char *file;
	const char *fn;
	const char *kind;
} known[] = {
	{ "/asyncio/tasks.py", "sleep", "sleep" },
	{ "/asyncio/tasks.py", "_wait", "tasks" },
	{ "/asyncio/tasks.py", "wait_for", "wait_for" },
	{ "/asyncio/taskgroups.py", "TaskGroup.__aexit__", "tasks" },
	{ "/asyncio/taskgroups.py", "TaskGroup._aexit", "tasks" },
	{ "/asyncio/locks.py", "Lock.acquire", "lock" },
	{ "/asyncio/locks.py", "Event.wait", "event" },
	{ "/asyncio/locks.py", "Condition.wait", "condition" },
	{ "/asyncio/locks.py", "Semaphore.acquire", "semaphore" },
	{ "/asyncio/queues.py", "Queue.get", "queue" },
	{ "/asyncio/queues.py", "Queue.put", "queue" },
	{ "/asyncio/streams.py", "StreamReader._wait_for_data", "stream" },
	{ "/asyncio/streams.py", "FlowControlMixin._drain_helper", "stream" },
	{ "/asyncio/base_subprocess.py", "BaseSubprocessTransport._wait", "process" },
};

static const char *kind_of_coroutine(const struct python_name *name)
{
	if (name && name->file)
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strcmp(name->fn, known[i].fn) && ends_with(name->file, known[i].file))
				return known[i].kind;
	return "future";
}

/* The first argument of asyncio.sleep() is how long. */
static double sleep_seconds(struct python *python, const struct py_chain *chain)
{
	uint64_t object = chain->argument.object, whole;
	double seconds;

	if (!py_float(python, object, &seconds))
		return isfinite(seconds) && seconds >= 0 ? seconds : -1;
	return py_long(python, object, &whole) ? -1 : (double)whole;
}

void py_awaits(struct python *python, const struct py_chain *chain,
	       const struct python_name *innermost, struct python_awaits *out)
{
	const struct py_waiter *waiter = &chain->waiter;

	out->kind = NULL;
	out->name[0] = '\0';
	out->type[0] = '\0';
	out->seconds = -1;
	if (!waiter->object)
		return;
	if (waiter->kind == PY_KIND_TASK) {
		out->kind = "task";
		if (py_task_name(python, waiter->name, out->name, sizeof(out->name)))
			out->name[0] = '\0';
		return;
	}
	if (py_type_name(python, waiter->type, out->type, sizeof(out->type)))
		out->type[0] = '\0';
	if (waiter->kind == PY_KIND_GATHERING) {
		out->kind = "gather";
		return;
	}
	out->kind = kind_of_coroutine(innermost);
	if (!strcmp(out->kind, "sleep"))
		out->seconds = sleep_seconds(python, chain);
}
