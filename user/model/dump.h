/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump.h - one process at one moment: its threads and its asyncio tasks. Units and strings as in model.h. */
#ifndef BLOCKPROF_MODEL_DUMP_H
#define BLOCKPROF_MODEL_DUMP_H

#include "model/blind.h"
#include "model/model.h"
#include "model/way.h"

enum thread_state {
	THREAD_RUNNING, /* on a CPU */
	THREAD_READY, /* it could run, but others do */
	THREAD_BLOCKED,
	THREAD_IDLE, /* in its loop's own wait */
	THREAD_STOPPED,
	THREAD_STATE_NR,
};

const char *thread_state_name(enum thread_state state);

struct dump_thread {
	struct thread_id id;
	enum thread_state state;
	bool since_known; /* slice.ns: for how long it has been in this state */
	bool moved; /* it ran while it was read: its stack may be of several moments */
	enum way way; /* by which it is known as a loop */
	enum doubt doubt;
	const char *against; /* what spoke against a loop, a constant; NULL: nothing did */
	struct slice slice; /* what it is in; count and max_ns mean nothing */
};

enum task_state {
	TASK_RUNNING,
	TASK_READY, /* can go on when its loop comes to it */
	TASK_PENDING,
	TASK_DONE,
	TASK_CANCELLED,
	TASK_STATE_NR,
};

const char *task_state_name(enum task_state state);

/* Strings are owned by it. */
struct dump_task {
	char *name;
	enum task_state state;
	pid_t tid; /* of the thread that runs its loop; 0: not known */
	struct stack *chain; /* its coroutines, innermost first; NULL: none */
	const char *
		awaits; /* static text: "task", "sleep", "lock", ... else "future"; NULL: not known */
	char *awaits_name; /* of the task; NULL: another kind */
	char *awaits_type; /* of the future; NULL: not known */
	uint64_t sleep_ns; /* all of the sleep; 0: not known */
};

struct dump_record {
	uint64_t mono_ns;
	uint64_t time_ns;
	pid_t pid;
	char comm[16];
	char *exe;
	char *interpreter; /* "CPython 3.11.7"; NULL: none */
	const char *
		unread; /* static text: why its tasks could not be read; NULL: they were, or it can have none */
	struct dump_thread *threads; /* the busy ones first */
	size_t nr_threads;
	struct dump_task *tasks; /* running ones first, then by name */
	size_t nr_tasks;
	struct name_count lost[4]; /* only those above 0 */
	size_t nr_lost;
	bool blind[BLIND_NR]; /* what could not be seen of it */
};

void dump_free(struct dump_record *dump);
/* Puts threads and tasks into the order in which they are shown. */
void dump_sort(struct dump_record *dump);

#endif
