// SPDX-License-Identifier: GPL-2.0-or-later
/* foreign.c - how many interpreters of others are remembered, and how long. */
#include "stall/peers/foreign.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "capture/namer.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/python/python.h"
#include "stall/state/interpreter.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define PROCESSES 16
#define AGAIN_NS  (10 * NS_PER_SEC) /* one that has no interpreter yet is asked again */
#define LATE_NS	  (100 * NS_PER_MS) /* likewise, one whose answer had not come yet */

struct process {
	pid_t pid; /* 0: none */
	uint64_t start_ticks;
	uint64_t used_ns;
	uint64_t again_ns; /* without an interpreter it is asked again then */
	struct python *python;
	bool unreadable;
};

struct foreign {
	struct process v[PROCESSES];
};

int foreign_new(struct foreign **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void forget(struct process *process)
{
	python_close(process->python);
	*process = (struct process){ 0 };
}

void foreign_free(struct foreign *foreign)
{
	for (size_t i = 0; foreign && i < PROCESSES; i++)
		forget(&foreign->v[i]);
	free(foreign);
}

/* Its place, or that of the one that was not asked about for longest. */
static struct process *place_of(struct foreign *foreign, pid_t pid)
{
	struct process *oldest = foreign->v;

	for (size_t i = 0; i < PROCESSES; i++) {
		if (foreign->v[i].pid == pid)
			return &foreign->v[i];
		if (foreign->v[i].used_ns < oldest->used_ns)
			oldest = &foreign->v[i];
	}
	return oldest;
}

static void open_python(struct engine *engine, struct process *process, uint64_t now_ns)
{
	const struct memory memory = state_memory(engine, process->pid);
	int err = python_open(&process->python, &memory, engine->symbols);

	process->again_ns = now_ns + (err == -EBUSY ? LATE_NS : AGAIN_NS);
	process->unreadable = err == -ENOTSUP;
	if (err && !process->unreadable) {
		python_close(process->python);
		process->python = NULL;
	}
}

static struct python *python_of(struct engine *engine, pid_t pid)
{
	struct process *process = place_of(engine->foreign, pid);
	uint64_t ticks = 0, now_ns = probe_now_ns();

	if (process_start_time(pid, &ticks))
		return NULL;
	if (process->pid != pid || process->start_ticks != ticks) {
		forget(process);
		/* what was known of this number was another process */
		namer_forget(engine->namer, pid);
		process->pid = pid;
		process->start_ticks = ticks;
		open_python(engine, process, now_ns);
	} else if (!process->python && now_ns > process->again_ns) {
		open_python(engine, process, now_ns);
	}
	process->used_ns = now_ns;
	return process->unreadable ? NULL : process->python;
}

struct python *foreign_python(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);

	return watched ? interpreter_find(engine, watched) : python_of(engine, pid);
}

void foreign_sample(struct engine *engine, pid_t pid)
{
	struct python *python = foreign_python(engine, pid);
	struct bp_python layout;

	probe_observed_add(engine->probe, pid,
			   python && !python_layout(python, &layout) ? &layout : NULL);
}
