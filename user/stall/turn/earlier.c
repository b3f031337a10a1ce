// SPDX-License-Identifier: GPL-2.0-or-later
/* earlier.c - how a block is read from outside that began before its thread had a slot. */
#include "stall/turn/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/asked_host.h"
#include "capture/frames.h"
#include "probe/probe.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

struct wanted {
	unsigned int tid;
	struct bp_observed_snapshot snapshot; /* tid 0: it was not seen */
};

static void note_thread(void *context, const struct bp_observed_snapshot *snapshot)
{
	struct wanted *wanted = context;

	if (snapshot->tid == wanted->tid)
		wanted->snapshot = *snapshot;
}

struct bp_stack_copy *earlier_copy(struct engine *engine, const struct loop *loop)
{
	const struct memory memory = state_memory(engine, loop->id.pid);
	struct wanted wanted = { .tid = loop->id.tid };
	struct bp_stack_copy *copy;

	if (probe_observe_thread(engine->probe, loop->id.pid, loop->id.tid, note_thread, &wanted) ||
	    wanted.snapshot.state != BP_BLOCKED)
		return NULL;
	copy = malloc(sizeof(*copy));
	if (copy && thread_copy(&memory, loop->id.tid, &wanted.snapshot.regs,
				wanted.snapshot.switches, copy)) {
		free(copy);
		return NULL;
	}
	return copy;
}

static void set_task(struct python *python, uint64_t task, struct slice *slice)
{
	char name[256] = "", coro[256] = "";

	if (!task || python_task(python, task, name, sizeof(name), coro, sizeof(coro)))
		return;
	slice->task_name = name[0] ? strdup(name) : NULL;
	slice->task_coro = coro[0] ? strdup(coro) : NULL;
}

void earlier_note(struct engine *engine, struct loop *loop, uint64_t task)
{
	const struct watched *watched = watched_find(engine->watched, loop->id.pid);
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct slice *slice = &loop->earlier.slice;
	__freeing struct bp_stack_copy *copy = NULL;
	struct bp_stack raw = { 0 };
	struct python *python;
	uint64_t pthread;
	int nr;

	if (!watched || slot->state != BP_BLOCKED)
		return;
	python = watched_python(watched);
	if (python) {
		pthread = watched_pthread(watched, loop->id.tid);
		nr = python_frames(python, pthread, raw.python, BP_PYTHON_FRAMES);
		raw.python_nr = nr > 0 ? nr : 0;
		slice->target.name = asked_host(python, pthread);
		set_task(python, task, slice);
	}
	copy = earlier_copy(engine, loop);
	slice->stack = frames_of_blocked(
		engine->namer, loop->id.tid,
		&(struct raw_stack){ loop->id.pid, watched->interpreter.python, &raw, copy });
	loop->earlier.since_ns = slot->since_ns;
}

bool earlier_fill(const struct loop *loop, uint64_t since_ns, struct slice *slice)
{
	const struct slice *known = &loop->earlier.slice;

	if (loop->earlier.since_ns != since_ns)
		return false;
	slice->stack = stack_get(known->stack);
	slice->task_name = known->task_name ? strdup(known->task_name) : NULL;
	slice->task_coro = known->task_coro ? strdup(known->task_coro) : NULL;
	return true;
}

void earlier_fill_name(const struct loop *loop, struct slice *slice)
{
	const char *name = loop->earlier.slice.target.name;

	if (slice->cause == CAUSE_DNS && !slice->target.name && name)
		slice->target.name = strdup(name);
}
