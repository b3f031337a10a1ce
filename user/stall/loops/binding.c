// SPDX-License-Identifier: GPL-2.0-or-later
/* binding.c - how a thread that was recognised as a loop gets its slot, and its loop record is sent. */
#include "stall/loops/binding.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "capture/frames.h"
#include "capture/namer.h"
#include "capture/poll_sets.h"
#include "probe/probe.h"
#include "probe/syscall.h"
#include "proc/process.h"
#include "runtime/poll_core.h"
#include "runtime/python/python.h"
#include "runtime/runtime.h"
#include "stall/loops/belongs.h"
#include "stall/loops/share.h"
#include "stall/loops/sources.h"
#include "stall/state/blind.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/earlier.h"
#include "stall/turn/slice.h"

#define READ_FILES_NS	 (20 * NS_PER_MS) /* in one go, while no record is taken */
#define READ_FILES_TRIES 8 /* at a thread that runs each time */

/* A thread that is to get a slot: what to know of it then. */
struct binding {
	struct binding *next;
	pid_t pid;
	pid_t tid;
	struct recognised recognised;
	uint64_t source; /* of its wait; 0: not known */
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

/* A thread that has a slot already needs no other. */
static bool has_share(struct engine *engine, const struct moment *moment)
{
	struct watched *watched = watched_find(engine->watched, moment->pid);
	struct share_taken asked = { 0 };
	enum blind blind;
	bool allows;

	if (!watched || loops_find(engine->loops, moment->tid))
		return true;
	for (struct binding *binding = engine->bindings; binding; binding = binding->next)
		share_count(engine, watched, binding->pid, &asked);
	allows = share_allows(engine, watched, asked, &blind);
	if (blind != BLIND_NR)
		blind_note(engine, watched, blind);
	return allows;
}

/* The one that is asked for already, or a new one. NULL: no memory, or its process has its share. */
static struct binding *binding_add(struct engine *engine, const struct moment *moment)
{
	struct binding *binding = binding_find(engine, moment->tid);

	if (binding)
		return binding;
	if (!has_share(engine, moment))
		return NULL;
	binding = calloc(1, sizeof(*binding));
	if (!binding)
		return NULL;
	binding->pid = moment->pid;
	binding->tid = moment->tid;
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
	if (!request->turn_start_ns && (!recognised->wait_class || recognised->in_turn)) {
		request->turn_start_ns = sched_clock_arrived_ns(clock, snapshot->sched_arrival_ns);
		request->estimated = request->turn_start_ns != 0;
	}
}

/* By what else its wait is known: the source, or the descriptors of its polls. */
static void set_source(struct watched *watched, const struct memory *memory,
		       const struct moment *moment, const struct recognised *recognised,
		       struct bp_bind *request)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	struct poll_core *core = moment->core;

	if (candidate && candidate->wait_class == recognised->wait_class &&
	    candidate->wait_id == recognised->wait_id) {
		request->source = candidate->source;
		request->wait_sp = candidate->sp;
	} else if (block && is_idle(recognised, block)) {
		request->source = block->source;
		request->wait_sp = block->sp;
	}
	if (!bp_is_poll(recognised->wait_class))
		return;
	request->core_wanted = 1;
	if (!core && block && is_idle(recognised, block)) {
		core = watched_core(watched, moment->tid);
		if (core)
			poll_core_learn_block(core, memory, block);
	}
	if (core && core->wait_class == recognised->wait_class)
		request->core_nr = (unsigned int)poll_core_keys(
			core, moment->pid, recognised->runtime && recognised->runtime->polls_alike,
			request->core);
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
	struct binding *binding = binding_add(engine, moment);

	if (!binding)
		return;
	binding->recognised = *recognised;
	if (watched) {
		set_source(watched, &memory, moment, recognised, &request);
		share_name(watched, &request);
	}
	binding->source = request.source;
	if (python)
		request.tstate = python_tstate(python, watched_pthread(watched, moment->tid));
	/* where its turn began was asked for after the snapshot was taken */
	if (snapshot)
		request.sleeps = snapshot->sleeps;
	if (snapshot && snapshot->state == BP_BLOCKED) {
		request.object_fd = polled_fd(&memory, &snapshot->block);
		set_blocked(&engine->sched_clock, recognised, snapshot, &request);
	}
	/* in a turn, and on a CPU since then at least */
	if (snapshot && snapshot->state != BP_BLOCKED && recognised->in_turn &&
	    !request.turn_start_ns) {
		request.turn_start_ns =
			sched_clock_arrived_ns(&engine->sched_clock, snapshot->sched_arrival_ns);
		request.estimated = request.turn_start_ns != 0;
	}
	probe_bind(engine->probe, moment->tid, &request);
}

bool binding_is_asked(const struct engine *engine)
{
	return engine->bindings != NULL;
}

void binding_forget(struct engine *engine)
{
	while (engine->bindings) {
		const struct binding *binding = engine->bindings;

		/* it is there, and no slot was: the loop that it serves is not its alone */
		if (binding->source && process_kind(binding->tid, NULL) != PROCESS_NONE)
			sources_unseen(engine, binding->source);
		probe_unbind(engine->probe, binding->tid);
		binding_remove(engine, binding->tid);
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
		[BP_WAIT_AIO] = "io_getevents",
		[BP_WAIT_FUTEX] = "futex",
	};
	unsigned int class = slot->wait_class;

	if (!class && slot->park_id)
		class = BP_WAIT_FUTEX;
	return class < sizeof(calls) / sizeof(calls[0]) ? calls[class] : NULL;
}

/* -1: it has none, or several; a ring may be named by an index. */
static int wait_fd(const struct bp_slot *slot)
{
	if (slot->wait_class == BP_WAIT_EPOLL ||
	    (slot->wait_class == BP_WAIT_URING && !(slot->wait_id & BP_RING_REGISTERED)))
		return (int)slot->wait_id;
	return -1;
}

/* fd: room for the one that may be known. */
static struct source source_of(const struct bp_slot *slot, int *fd)
{
	struct source source = { .fds = fd };

	*fd = wait_fd(slot);
	source.nr_fds = *fd >= 0;
	switch (slot->wait_class) {
	case BP_WAIT_EPOLL:
		source.kind = "epoll";
		break;
	case BP_WAIT_URING:
		source.kind = "uring";
		break;
	case BP_WAIT_POLL:
	case BP_WAIT_SELECT:
		source.kind = "poll";
	}
	return source;
}

void binding_report_again(struct engine *engine, struct loop *loop)
{
	const struct watched *watched = watched_find(engine->watched, loop->id.pid);
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct loop_record record = {
		.mono_ns = probe_now_ns(),
		.id = loop->id,
		.wait_syscall = wait_call(slot),
		.wait_fd = wait_fd(slot),
	};
	char version[RUNTIME_VERSION_BYTES];
	int fd;

	record.source = source_of(slot, &fd);
	if (watched) {
		record.exe = watched->exe;
		record.runtime_version = runtime_version(loop->runtime, watched->program.program,
							 watched->interpreter.python, version);
		record.cgroup = watched->cgroup.path;
		record.unit = watched->cgroup.unit;
		record.container = watched->cgroup.container;
		belongs_put(engine, loop, watched, &record);
	}
	engine->sink.loop(engine->sink.context, &record);
}

static void read_files(struct engine *engine, struct loop *loop)
{
	__freeing struct bp_stack_copy *copy = earlier_copy(engine, loop);
	struct bp_stack none = { 0 };
	struct raw_stack raw = { .pid = loop->id.pid, .stack = &none, .copy = copy };

	loop->files_unread = copy ? 0 : loop->files_unread - 1;
	if (copy)
		stack_put(frames_resolve(engine->namer, &raw, FRAMES_USER, NULL));
}

void binding_read_files(struct engine *engine)
{
	uint64_t until_ns = probe_now_ns() + READ_FILES_NS;

	for_each_loop (engine->loops, loop) {
		if (!loop->files_unread)
			continue;
		if (probe_now_ns() > until_ns)
			return;
		read_files(engine, loop);
	}
}

static void announce(struct engine *engine, struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	if (loop->announced || !loop->runtime)
		return;
	loop->announced = true;
	if (watched && !watched->loops++)
		loop->files_unread = READ_FILES_TRIES;
	/* what is to be known of V8 is known then when the first stack is to be named */
	if (loop->runtime->runs_javascript)
		namer_v8(engine->namer, loop->id.pid, NULL);
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
		loop->doubt = binding->recognised.doubt;
		if (loop->runtime && loop->runtime->has_deep_stacks && !loop->copy_size.bytes)
			slice_want_deep_copies(engine, loop);
		sources_join(engine, loop);
		announce(engine, loop);
		binding_remove(engine, tid);
	}
	return loop;
}
