// SPDX-License-Identifier: GPL-2.0-or-later
/* binding.c - how a thread that was recognised as a loop gets its slot, and its loop record is sent. */
#include "stall/loops/binding.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/frames.h"
#include "capture/namer.h"
#include "capture/poll_sets.h"
#include "probe/probe.h"
#include "probe/syscall.h"
#include "runtime/python/python.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/earlier.h"

/* A thread that is to get a slot: what to know of it then. */
struct binding {
	struct binding *next;
	pid_t tid;
	struct recognised recognised;
};

/* The descriptor that a poll asks for first, read from the blocked thread's memory. */
static int polled_fd(const struct memory *memory, const struct bp_block *block)
{
	const struct syscall_info *info = syscall_info(block->syscall);

	return info && info->flags & BP_SYSCALL_POLL ? poll_first(memory, block->args) : -1;
}

/* -- asking for a slot -- */

static struct binding *binding_find(struct engine *engine, pid_t tid)
{
	struct binding *binding = engine->bindings;

	while (binding && binding->tid != tid)
		binding = binding->next;
	return binding;
}

/* The one that is asked for already, or a new one. NULL: no memory. */
static struct binding *binding_add(struct engine *engine, pid_t tid)
{
	struct binding *binding = binding_find(engine, tid);

	if (binding)
		return binding;
	binding = calloc(1, sizeof(*binding));
	if (!binding)
		return NULL;
	binding->tid = tid;
	binding->next = engine->bindings;
	engine->bindings = binding;
	return binding;
}

static void binding_remove(struct engine *engine, pid_t tid)
{
	for (struct binding **link = &engine->bindings; *link; link = &(*link)->next) {
		struct binding *binding = *link;

		if (binding->tid != tid)
			continue;
		*link = binding->next;
		free(binding);
		return;
	}
}

static bool is_idle(const struct recognised *recognised, const struct bp_block *block)
{
	if (block->wait_class == BP_WAIT_FUTEX)
		return recognised->park_id == block->wait_id;
	return block->wait_class && block->wait_class == recognised->wait_class &&
	       block->wait_id == recognised->wait_id;
}

/* Of a thread that is blocked: since when, and since when its turn lasts. */
static void set_blocked(const struct sched_clock *clock, const struct recognised *recognised,
			const struct bp_watched_snapshot *snapshot, struct bp_bind *request)
{
	uint64_t left_ns =
		sched_clock_left_ns(clock, snapshot->sched_arrival_ns, snapshot->sched_ran_ns);

	/* idle time from before the watch is none of it */
	if (!snapshot->before || is_idle(recognised, &snapshot->block) || !left_ns)
		return;
	request->blocked_since_ns = left_ns < snapshot->since_ns ? left_ns : 0;
	/* nothing better is known than that its turn is no younger than its last run */
	if (!request->turn_start_ns && (!recognised->wait_class || recognised->in_turn))
		request->turn_start_ns = sched_clock_arrived_ns(clock, snapshot->sched_arrival_ns);
}

void binding_ask(struct engine *engine, const struct moment *moment,
		 const struct recognised *recognised, const struct bp_watched_snapshot *snapshot)
{
	struct bp_bind request = {
		.use = BP_SLOT_LOOP,
		.wait_class = recognised->wait_class,
		.wait_id = recognised->wait_id,
		.park_id = recognised->park_id,
		.loop_object = recognised->loop_object,
		.turn_start_ns = recognised->turn_start_ns,
		.object_fd = -1,
	};
	struct watched *watched = watched_find(engine->watched, moment->pid);
	const struct memory memory = state_memory(engine, moment->pid);
	struct python *python = watched ? watched_python(watched) : NULL;
	struct binding *binding = binding_add(engine, moment->tid);

	if (!binding)
		return;
	binding->recognised = *recognised;
	if (python)
		request.tstate = python_tstate(python, watched_pthread(watched, moment->tid));
	if (snapshot && snapshot->state == BP_BLOCKED) {
		request.object_fd = polled_fd(&memory, &snapshot->block);
		set_blocked(&engine->sched_clock, recognised, snapshot, &request);
	}
	/* in a turn, and on a CPU since then at least */
	if (snapshot && snapshot->state != BP_BLOCKED && recognised->in_turn &&
	    !request.turn_start_ns)
		request.turn_start_ns =
			sched_clock_arrived_ns(&engine->sched_clock, snapshot->sched_arrival_ns);
	probe_bind(engine->probe, moment->tid, &request);
}

bool binding_is_asked(const struct engine *engine)
{
	return engine->bindings != NULL;
}

void binding_forget(struct engine *engine)
{
	while (engine->bindings) {
		probe_unbind(engine->probe, engine->bindings->tid);
		binding_remove(engine, engine->bindings->tid);
	}
}

/* -- the loop record -- */

/* The name of the class's oldest call; which of them it is shows with the first wait. */
static const char *wait_call(const struct bp_slot *slot)
{
	static const char *const calls[] = {
		[BP_WAIT_NONE] = NULL,
		[BP_WAIT_EPOLL] = "epoll_wait",
		[BP_WAIT_POLL] = "poll",
		[BP_WAIT_SELECT] = "select",
		[BP_WAIT_URING] = "io_uring_enter",
		[BP_WAIT_FUTEX] = "futex",
	};
	unsigned int class = slot->wait_class;

	if (!class && slot->park_id)
		class = BP_WAIT_FUTEX;
	return class < sizeof(calls) / sizeof(calls[0]) ? calls[class] : NULL;
}

void binding_report_again(struct engine *engine, const struct loop *loop)
{
	const struct watched *watched = watched_find(engine->watched, loop->id.pid);
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct loop_record record = {
		.mono_ns = probe_now_ns(),
		.id = loop->id,
		.wait_syscall = wait_call(slot),
		.wait_fd = -1,
	};
	char version[RUNTIME_VERSION_BYTES];

	if (watched) {
		record.exe = watched->exe;
		record.runtime_version = runtime_version(loop->runtime, watched->program.program,
							 watched->interpreter.python, version);
		record.cgroup = watched->cgroup.path;
		record.unit = watched->cgroup.unit;
		record.container = watched->cgroup.container;
	}
	if (slot->wait_class == BP_WAIT_EPOLL || slot->wait_class == BP_WAIT_URING)
		record.wait_fd = (int)slot->wait_id;
	engine->sink.loop(engine->sink.context, &record);
}

/*
 * The files of a program are read for the first time before their names are needed:
 * that takes some ten milliseconds, in which a short block of its first turn ends.
 */
static void read_files(struct engine *engine, const struct loop *loop)
{
	__freeing struct bp_stack_copy *copy = earlier_copy(engine, loop);
	struct bp_stack none = { 0 };
	struct raw_stack raw = { .pid = loop->id.pid, .stack = &none, .copy = copy };

	if (copy)
		stack_put(frames_resolve(engine->namer, &raw, FRAMES_USER, NULL));
}

static void announce(struct engine *engine, struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	if (loop->announced || !loop->runtime)
		return;
	loop->announced = true;
	if (watched && !watched->loops++)
		read_files(engine, loop);
	/* what is to be known of V8 is known then when the first stack is to be named */
	if (loop->runtime->runs_javascript)
		namer_v8(engine->namer, loop->id.pid);
	binding_report_again(engine, loop);
}

/* -- the slot -- */

struct loop *binding_slot(struct engine *engine, unsigned int slot, pid_t pid, pid_t tid)
{
	struct loop *loop = loops_at(engine->loops, slot);
	struct binding *binding = binding_find(engine, tid);
	const struct watched *watched = watched_find(engine->watched, pid);

	if (!loop) {
		loop = loop_new(slot, pid, tid, NULL);
		if (!loop)
			return NULL;
		loops_put(engine->loops, loop);
		if (!loop->id.comm[0] && watched)
			memcpy(loop->id.comm, watched->comm, sizeof(loop->id.comm));
		earlier_note(engine, loop, binding ? binding->recognised.task : 0);
	}
	if (binding) {
		loop_set_runtime(loop, binding->recognised.runtime);
		announce(engine, loop);
		binding_remove(engine, tid);
	}
	return loop;
}
