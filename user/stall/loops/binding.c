// SPDX-License-Identifier: GPL-2.0-or-later
/* binding.c - threads that were recognised as loops get slots, and are told of. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/frames.h"
#include "capture/namer.h"
#include "capture/poll_sets.h"
#include "probe/syscall.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"

/* The descriptor that a poll asks for first, read from the blocked thread's memory. */
static int polled_fd(const struct memory *memory, const struct bp_block *block)
{
	const struct syscall_info *info = syscall_info(block->syscall);

	return info && info->flags & BP_SYSCALL_POLL ? poll_first(memory, block->args) : -1;
}

static struct binding *binding_find(struct engine *engine, pid_t tid)
{
	struct binding *binding = engine->bindings;

	while (binding && binding->tid != tid)
		binding = binding->next;
	return binding;
}

static bool is_idle(const struct verdict *verdict, const struct bp_block *block)
{
	if (block->wait_class == BP_WAIT_FUTEX)
		return verdict->park_id == block->wait_id;
	return block->wait_class && block->wait_class == verdict->wait_class &&
	       block->wait_id == verdict->wait_id;
}

void binding_ask(struct engine *engine, pid_t pid, pid_t tid, const struct verdict *verdict,
		 const struct bp_thread_info *info)
{
	struct bp_bind request = {
		.use = BP_SLOT_LOOP,
		.wait_class = verdict->wait_class,
		.wait_id = verdict->wait_id,
		.park_id = verdict->park_id,
		.loop_object = verdict->loop_object,
		.turn_start_ns = verdict->turn_start_ns,
		.object_fd = -1,
	};
	struct watched *watched = watched_find(engine->watched, pid);
	struct binding *binding = binding_find(engine, tid);
	const struct memory memory = { engine->options.memory, pid };
	bool idle = info && is_idle(verdict, &info->block);

	if (!binding) {
		binding = calloc(1, sizeof(*binding));
		if (!binding)
			return;
		binding->next = engine->bindings;
		engine->bindings = binding;
	}
	binding->pid = pid;
	binding->tid = tid;
	binding->verdict = *verdict;
	if (watched && watched->python && !watched->unreadable)
		request.tstate = python_tstate(watched->python, watched_pthread(watched, tid));
	if (info && info->state == BP_BLOCKED) {
		request.object_fd = polled_fd(&memory, &info->block);
		/* idle time from before the watch is none of it */
		if (info->before && !idle && engine->sched_clock_known && info->sched_arrival_ns) {
			uint64_t since_ns = info->sched_arrival_ns + info->sched_ran_ns +
					    engine->sched_clock_ns;

			request.blocked_since_ns = since_ns < info->since_ns ? since_ns : 0;
			/* nothing better is known than that its turn is no younger than its last run */
			if (!request.turn_start_ns && (!verdict->wait_class || verdict->in_turn))
				request.turn_start_ns =
					info->sched_arrival_ns + engine->sched_clock_ns;
		}
	}
	/* in a turn, and on a CPU since then at least */
	if (info && info->state != BP_BLOCKED && verdict->in_turn && !request.turn_start_ns &&
	    engine->sched_clock_known && info->sched_arrival_ns)
		request.turn_start_ns = info->sched_arrival_ns + engine->sched_clock_ns;
	probe_bind(engine->probe, tid, &request);
}

static void unbind(struct engine *engine, pid_t tid)
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

void binding_forget(struct engine *engine)
{
	while (engine->bindings) {
		probe_unbind(engine->probe, engine->bindings->tid);
		unbind(engine, engine->bindings->tid);
	}
}

void binding_tell_again(struct engine *engine, const struct loop *loop)
{
	const struct watched *watched = watched_find(engine->watched, loop->id.pid);
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	/* the name of the class's oldest call; which of them it is shows with the first wait */
	static const char *const calls[] = {
		[BP_WAIT_NONE] = NULL,
		[BP_WAIT_EPOLL] = "epoll_wait",
		[BP_WAIT_POLL] = "poll",
		[BP_WAIT_SELECT] = "select",
		[BP_WAIT_URING] = "io_uring_enter",
		[BP_WAIT_FUTEX] = "futex",
	};
	struct loop_record record = { .mono_ns = probe_now_ns(), .id = loop->id, .wait_fd = -1 };
	char version[RUNTIME_VERSION_BYTES];

	if (watched) {
		record.exe = watched->exe;
		record.runtime_version = runtime_version(loop->id.runtime, watched->program,
							 watched->python, version);
		record.cgroup = watched->cgroup.path;
		record.unit = watched->cgroup.unit;
		record.container = watched->cgroup.container;
	}
	if (slot->wait_class <= BP_WAIT_FUTEX)
		record.wait_syscall = calls[!slot->wait_class && slot->park_id ? BP_WAIT_FUTEX
									       : slot->wait_class];
	if (slot->wait_class == BP_WAIT_EPOLL || slot->wait_class == BP_WAIT_URING)
		record.wait_fd = (int)slot->wait_id;
	engine->sink.loop(engine->sink.context, &record);
}

struct thread_look {
	unsigned int tid;
	struct bp_suspect_info info; /* tid 0: it was not seen */
};

static void note_thread(void *context, const struct bp_suspect_info *info)
{
	struct thread_look *look = context;

	if (info->tid == look->tid)
		look->info = *info;
}

/* Registers and stack of a blocked thread; the caller's. NULL: not to be had. */
static struct bp_copy *copy_thread(struct engine *engine, const struct loop *loop)
{
	const struct memory memory = { engine->options.memory, loop->id.pid };
	struct thread_look look = { .tid = loop->id.tid };
	struct bp_copy *copy;

	if (probe_suspect_look_thread(engine->probe, loop->id.pid, loop->id.tid, note_thread,
				      &look) ||
	    look.info.state != BP_BLOCKED)
		return NULL;
	copy = malloc(sizeof(*copy));
	if (copy && thread_copy(&memory, loop->id.tid, &look.info.regs, look.info.switches, copy)) {
		free(copy);
		return NULL;
	}
	return copy;
}

/*
 * The files of a program are read for the first time before their names are needed:
 * that takes some ten milliseconds, in which a short block of its first turn ends.
 */
static void learn(struct engine *engine, const struct loop *loop)
{
	__freeing struct bp_copy *copy = copy_thread(engine, loop);
	struct bp_stack none = { 0 };

	if (copy)
		stack_put(frames_resolve(engine->namer, loop->id.pid, NULL, &none, copy,
					 FRAMES_USER, NULL));
}

static void announce(struct engine *engine, struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	if (loop->announced || !loop->id.runtime)
		return;
	loop->announced = true;
	if (watched && !watched->loops++)
		learn(engine, loop);
	/* what is to be known of V8 is known then when the first stack is to be named */
	if (runtime_runs_javascript(loop->id.runtime))
		namer_v8(engine->namer, loop->id.pid);
	binding_tell_again(engine, loop);
}

/* The stack and task of a thread that blocked before it had a slot, while it is still blocked. */
static void note_earlier(struct engine *engine, struct loop *loop, const struct bp_slot *slot,
			 const struct verdict *verdict)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct bp_stack raw = { 0 };
	__freeing struct bp_copy *copy = NULL;
	char name[256] = "", coro[256] = "";
	uint64_t pthread;
	int nr;

	if (!watched || slot->state != BP_BLOCKED)
		return;
	if (watched->python && !watched->unreadable) {
		pthread = watched_pthread(watched, loop->id.tid);
		nr = python_frames(watched->python, pthread, raw.python, BP_PYTHON_FRAMES);
		raw.python_nr = nr > 0 ? nr : 0;
		loop->earlier.target.name = tell_host(watched->python, pthread);
		if (verdict && verdict->task &&
		    !python_task(watched->python, verdict->task, name, sizeof(name), coro,
				 sizeof(coro))) {
			loop->earlier.task_name = name[0] ? strdup(name) : NULL;
			loop->earlier.task_coro = coro[0] ? strdup(coro) : NULL;
		}
	}
	copy = copy_thread(engine, loop);
	loop->earlier.stack = frames_of_blocked(engine->namer, loop->id.pid, loop->id.tid,
						watched->python, &raw, copy);
	loop->earlier_since_ns = slot->since_ns;
}

struct loop *binding_slot(struct engine *engine, unsigned int slot, pid_t pid, pid_t tid)
{
	struct loop *loop = engine->loops[slot];
	struct binding *binding = binding_find(engine, tid);
	const struct watched *watched = watched_find(engine->watched, pid);

	if (!loop) {
		loop = loop_new(slot, pid, tid, NULL);
		if (!loop)
			return NULL;
		loop->number = ++engine->loops_seen;
		engine->loops[slot] = loop;
		if (!loop->id.comm[0] && watched)
			memcpy(loop->id.comm, watched->comm, sizeof(loop->id.comm));
		note_earlier(engine, loop, probe_slot(engine->probe, slot),
			     binding ? &binding->verdict : NULL);
	}
	if (binding) {
		loop_set_runtime(loop, binding->verdict.runtime);
		announce(engine, loop);
		unbind(engine, tid);
	}
	return loop;
}
