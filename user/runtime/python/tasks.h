/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tasks.h - all asyncio tasks of an interpreter, read while the program runs.
 *
 * What is reported of a task was read twice and was the same both times: so it
 * was true at one moment in between. Tasks that change too fast for that are
 * counted and not reported.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_TASKS_H
#define BLOCKPROF_RUNTIME_PYTHON_TASKS_H

#include "runtime/python/python.h"

#define PYTHON_TASKS_MAX 200000

enum python_task_state {
	PYTHON_TASK_PENDING, /* it awaits something that has not come */
	PYTHON_TASK_READY, /* it can go on when its loop comes to it */
	PYTHON_TASK_RUNNING,
	PYTHON_TASK_DONE,
	PYTHON_TASK_CANCELLED,
};

#define PYTHON_AWAITS_BYTES 256

/* What a pending task awaits in the end. */
struct python_awaits {
	const char
		*kind; /* "task", "gather", "sleep", "lock", ... else "future"; NULL: not known */
	char name[PYTHON_AWAITS_BYTES]; /* of the task; "": another kind, or not known */
	char type[PYTHON_AWAITS_BYTES]; /* of the future; "": not known */
	double seconds; /* sleep: of all of it; below 0: not known */
};

struct python_task_info {
	uint64_t addr;
	uint64_t pthread; /* pthread_self() of the thread that runs its loop; 0: not known */
	enum python_task_state state;
	const char *name;
	/*
	 * Coroutines, outermost first, each awaiting the next; of a running task
	 * also the functions that the innermost has called.
	 */
	const struct python_name *chain;
	unsigned int nr;
	bool cut; /* inner ones are missing */
	struct python_awaits awaits;
};

struct python_tasks_counts {
	uint64_t reported;
	uint64_t unsteady; /* changed each time they were read */
	uint64_t unreadable; /* no tasks of the C module, or memory that cannot be */
	uint64_t left_out; /* more than PYTHON_TASKS_MAX */
};

typedef void python_task_fn(void *context, const struct python_task_info *task);

/*
 * Calls fn for each task; what it is given is valid during the call.
 * pthreads: the process's threads, which show where running tasks are. 0;
 * -ENOENT: asyncio is not imported; -ETIMEDOUT: not in time; or other -errno.
 */
int python_tasks(struct python *python, const uint64_t *pthreads, size_t nr_pthreads,
		 python_task_fn *fn, void *context, struct python_tasks_counts *counts);

#endif
