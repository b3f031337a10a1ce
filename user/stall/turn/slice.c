// SPDX-License-Identifier: GPL-2.0-or-later
/* slice.c - which parts of a capture become which fields of a slice. */
#include "stall/turn/slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/cpu_parties.h"
#include "capture/frames.h"
#include "capture/nested_child.h"
#include "capture/runtime_wait.h"
#include "capture/safepoint.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/program.h"
#include "runtime/python/look.h"
#include "runtime/python/python.h"
#include "runtime/runtime.h"
#include "stall/state/copy_size.h"
#include "stall/state/interpreter.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/threads.h"
#include "stall/state/watched.h"
#include "stall/turn/current.h"
#include "stall/turn/earlier.h"
#include "stall/turn/joined.h"

static void set_task(struct python *python, const struct bp_capture *capture, struct slice *slice)
{
	char name[256] = "", coro[256] = "";

	if (!python || !capture->stack.task ||
	    python_task_copied(python, &capture->task, name, sizeof(name), coro, sizeof(coro)) < 0)
		return;
	slice->task_name = name[0] ? strdup(name) : NULL;
	slice->task_coro = coro[0] ? strdup(coro) : NULL;
}

void slice_want_copies(struct engine *engine, const struct loop *loop)
{
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	slot->stack_copy_bytes = loop->copy_size.bytes;
	slot->stack_copy_holes = loop->copy_size.holes;
}

void slice_want_deep_copies(struct engine *engine, struct loop *loop)
{
	loop->copy_size.bytes = BP_STACK_COPY_BYTES;
	slice_want_copies(engine, loop);
}

/* The stack of the thread itself. computes: it ran. */
static void set_stack(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		      bool computes, struct slice *slice)
{
	struct python *python = interpreter_of(engine, loop->id.pid);
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	const struct bp_capture *capture = evidence->capture;
	struct bp_stack *joined __freeing = joined_stack(engine, loop, python, capture, computes);
	unsigned int parts = FRAMES_KERNEL | FRAMES_USER;
	const struct raw_stack raw = { loop->id.pid, python, joined ? joined : &capture->stack,
				       evidence->own };
	struct copy_use use = { 0 };

	if (capture->block.flags & BP_BLOCK_GIL)
		parts |= FRAMES_GIL;
	slice->stack = frames_resolve(engine->namer, &raw, parts, &use);
	if (slice->stack && slice->stack->cut &&
	    !frames_of_greenlet(slice->stack->frames, slice->stack->nr, raw.stack))
		engine->lost[LOSS_STACKS_CUT]++;
	if (evidence->own && copy_size_adapt(&loop->copy_size, evidence->own, &use))
		slice_want_copies(engine, loop);
	set_task(python, capture, slice);
}

/* A waker whose end was read before this is known by its name; its number may be another's by now. */
static bool is_another(struct engine *engine, const struct bp_capture *capture,
		       const struct slice *slice)
{
	const struct watched *watched = watched_find(engine->watched, (pid_t)capture->other.tgid);

	return watched && watched->forked_ns > capture->since_ns + slice->max_ns;
}

static void set_waker(struct engine *engine, const struct evidence *evidence, struct slice *slice)
{
	const struct bp_capture *capture = evidence->capture;
	const struct bp_other *other = &capture->other;
	struct raw_stack raw = { .stack = &capture->other_stack, .copy = evidence->other };
	struct copy_use use = { 0 };

	if (other->kind != BP_OTHER_WAKER ||
	    frames_in_interrupt(engine->symbols, &capture->other_stack))
		return;
	raw.pid = other->tgid;
	raw.python = interpreter_of(engine, other->tgid);
	slice->waker.pid = other->tgid;
	slice->waker.tid = other->tid;
	slice->waker.in_turn = other->flags & BP_OTHER_IN_TURN;
	slice->waker.kernel = other->flags & BP_OTHER_KERNEL;
	memcpy(slice->waker.comm, other->comm, sizeof(slice->waker.comm));
	slice->waker.comm[sizeof(slice->waker.comm) - 1] = 0;
	if (is_another(engine, capture, slice))
		return;
	slice->waker.stack = frames_resolve(engine->namer, &raw, FRAMES_USER, &use);
	copy_size_of_other(engine, evidence->other, &use);
}

/* The GIL's holder is a thread of the same process, known by its pthread_self(). */
static void set_holder(struct engine *engine, pid_t pid, const struct bp_capture *capture,
		       struct slice *slice)
{
	struct watched *watched = watched_find(engine->watched, pid);
	struct raw_stack raw = { .pid = pid, .stack = &capture->other_stack };
	pid_t tid;

	if (capture->other.kind != BP_OTHER_HOLDER || !watched)
		return;
	tid = watched_tid(watched, capture->other.pthread);
	if (!tid) {
		threads_note(engine, watched);
		tid = watched_tid(watched, capture->other.pthread);
	}
	slice->holder.pid = pid;
	slice->holder.tid = tid;
	slice->holder.collects = capture->other.flags & BP_OTHER_COLLECTS;
	/* of one that has ended since, its process's */
	if (tid && process_thread_comm(pid, tid, slice->holder.comm))
		process_comm(pid, slice->holder.comm);
	raw.python = watched->interpreter.python;
	slice->holder.stack = frames_resolve(engine->namer, &raw, FRAMES_USER, NULL);
}

/* 0: it began at some time before the watch. */
static uint64_t turn_began_ns(const struct engine *engine, const struct loop *loop)
{
	uint64_t start_ns = probe_slot(engine->probe, loop->slot)->turn_start_ns;

	return start_ns < engine->started_ns ? 0 : start_ns;
}

/* A loop that the runtime runs inside a callback, to wait for a child. */
static bool is_nested_for_child(const struct loop *loop, const struct bp_capture *capture,
				const struct slice *slice)
{
	return slice->cause == CAUSE_POLL && capture->block.wait_class == BP_WAIT_EPOLL &&
	       loop->runtime && loop->runtime->nests_for_child;
}

static bool is_java(struct engine *engine, pid_t pid)
{
	const struct watched *watched = watched_find(engine->watched, pid);

	return watched && watched->program.program &&
	       program_library(watched->program.program, "libjvm.so");
}

void slice_of_block(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		    struct slice *slice)
{
	const struct bp_capture *capture = evidence->capture;
	bool earlier = capture->block.flags & BP_BLOCK_EARLIER;
	const struct memory memory = state_memory(engine, loop->id.pid);
	pid_t pid = loop->id.pid;

	set_waker(engine, evidence, slice);
	set_holder(engine, pid, capture, slice);
	if ((!earlier || !earlier_fill(loop, capture->since_ns, slice)) &&
	    !current_fill(loop, evidence, slice))
		set_stack(engine, loop, evidence, false, slice);
	if (earlier && evidence->ended && !slice->stack)
		engine->lost[LOSS_STACKS_TOO_EARLY]++;
	classify(&engine->classify, pid, capture, slice);
	if (evidence->ended) {
		classify_ended(capture, frames_wakeup(engine->symbols, &capture->other_stack),
			       slice);
		safepoint_ended(&memory, capture, slice, probe_now_ns());
	} else if (is_java(engine, pid)) {
		safepoint_lasts(&memory, capture, slice, probe_now_ns());
	}
	if (is_nested_for_child(loop, capture, slice))
		nested_child(pid, turn_began_ns(engine, loop), slice);
	if (slice->cause == CAUSE_THROTTLED)
		memory_add_limit(slice, pid);
	if (earlier)
		earlier_fill_name(loop, slice);
}

void slice_of_sample(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		     struct slice *slice)
{
	set_stack(engine, loop, evidence, true, slice);
	slice->cause =
		evidence->capture->block.flags & BP_BLOCK_COLLECTS || runtime_collects(slice->stack)
			? CAUSE_GC
			: CAUSE_CPU;
}

void slices_of_sums(struct engine *engine, const struct loop *loop, const struct bp_sum *sums,
		    bool carried, struct slices *slices)
{
	for (unsigned int i = 0; i < BP_SUMS && sums[i].used; i++) {
		struct bp_capture capture = { .block = { .syscall = sums[i].syscall,
							 .flags = sums[i].flags } };
		struct slice slice = {
			.ns = carried ? sums[i].carry_ns : sums[i].ns,
			.count = carried ? sums[i].carry_count : sums[i].count,
			.max_ns = carried ? sums[i].carry_max_ns : sums[i].max_ns,
		};

		if (!slice.ns)
			continue;
		/* which descriptor, lock or place it was is not known: only what the call says */
		classify(&engine->classify, loop->id.pid, &capture, &slice);
		target_free(&slice.target);
		memset(&slice.target, 0, sizeof(slice.target));
		slices_add(slices, &slice);
	}
}
