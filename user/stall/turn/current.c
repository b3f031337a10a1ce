// SPDX-License-Identifier: GPL-2.0-or-later
/* current.c - how a block is read while it lasts, from memory that the kernel side writes meanwhile. */
#include "stall/turn/current.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/asked_host.h"
#include "probe/probe.h"
#include "proc/thread_copy.h"
#include "stall/state/live.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/collect.h"
#include "stall/turn/slice.h"

/*
 * The copy for a block that lasts: the kernel side's, or a longer one where that ended
 * before the stack did, or at a page that was never touched. The stack is there to be
 * read as long as the thread stays blocked. Kept for the block's slice, too. NULL: none.
 */
static const struct bp_stack_copy *copy_of(struct engine *engine, struct loop *loop,
					   const struct bp_slot *slot)
{
	const struct memory memory = state_memory(engine, loop->id.pid);
	const struct bp_slot *live = probe_slot(engine->probe, loop->slot);
	const struct bp_stack_copy *known =
		stack_copies_find(engine->stack_copies, loop->slot, loop->id.tid, slot->since_ns);
	__freeing struct bp_stack_copy *copy = NULL, *whole = NULL;

	if (known || !slot->stack_copy)
		return known;
	copy = malloc(sizeof(*copy));
	if (!copy || probe_stack_copy(engine->probe, loop->slot, slot->since_ns, copy))
		return NULL;
	whole = malloc(sizeof(*whole));
	if (whole && !thread_copy_stack(&memory, &copy->regs, whole) &&
	    whole->bytes > copy->bytes && live->state == BP_BLOCKED &&
	    live->since_ns == slot->since_ns) {
		whole->header = copy->header;
		whole->since_ns = copy->since_ns;
		stack_copies_add(engine->stack_copies, &whole->header, sizeof(*whole));
		if (!(copy->flags & BP_STACK_COPY_CUT) && !loop->copy_size.holes) {
			loop->copy_size.holes = true;
			slice_want_copies(engine, loop);
		}
	} else {
		stack_copies_add(engine->stack_copies, &copy->header, sizeof(*copy));
	}
	return stack_copies_find(engine->stack_copies, loop->slot, loop->id.tid, slot->since_ns);
}

void current_add(struct engine *engine, struct loop *loop, const struct live *live, uint64_t now_ns,
		 struct slices *slices)
{
	const struct bp_slot *slot = &live->slot;
	const struct bp_capture *capture = &live->slice.capture;
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct slice slice = { .ns = now_ns - slot->since_ns, .count = 1 };
	struct evidence evidence = { .capture = capture };

	if (slot->state != BP_BLOCKED || capture->since_ns != slot->since_ns)
		return;
	slice.max_ns = slice.ns;
	intervals_add(&slice.intervals, (struct interval){ slot->since_ns, slice.ns }, 0);
	evidence.own = copy_of(engine, loop, slot);
	slice_of_block(engine, loop, &evidence, &slice);
	/* where the question is not on its stack: asked by way of a local service */
	if (slice.cause == CAUSE_DNS && !slice.target.name && watched &&
	    watched->interpreter.python)
		slice.target.name = asked_host(watched->interpreter.python,
					       watched_pthread(watched, loop->id.tid));
	slices_add(slices, &slice);
}

const struct slice *current_slice(struct engine *engine, struct loop *loop, uint64_t since_ns)
{
	struct loop_current *current = &loop->current;
	struct slices slices = { 0 };
	struct live live;

	if (current->since_ns == since_ns)
		return &current->slice;
	if (!live_read(engine, loop, &live) || live.slot.since_ns != since_ns)
		return NULL;
	current_add(engine, loop, &live, probe_now_ns(), &slices);
	slice_clear(&current->slice);
	current->slice.cause = CAUSE_OTHER;
	current->since_ns = since_ns;
	current->copied =
		stack_copies_find(engine->stack_copies, loop->slot, loop->id.tid, since_ns) != NULL;
	if (slices.nr) {
		current->slice = slices.v[0];
		slices.v[0] = (struct slice){ 0 };
	}
	slices_free(&slices);
	return &current->slice;
}

/* Nothing of it was not to be had when it was looked up, and may be by now. */
static bool is_whole(const struct stack *stack)
{
	if (!stack || stack->cut)
		return false;
	for (unsigned int i = 0; i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (!strcmp(frame->fn, "[unknown]") ||
		    (frame->kind == FRAME_NATIVE && !frame->build_id && strstr(frame->fn, "+0x")))
			return false;
	}
	return true;
}

/* It has stood still since: what was found then need not be looked up again. */
bool current_fill(const struct loop *loop, const struct evidence *evidence, struct slice *slice)
{
	const struct slice *known = &loop->current.slice;

	if (loop->current.since_ns != evidence->capture->since_ns || !is_whole(known->stack) ||
	    (evidence->own && !loop->current.copied))
		return false;
	slice->stack = stack_get(known->stack);
	slice->task_name = known->task_name ? strdup(known->task_name) : NULL;
	slice->task_coro = known->task_coro ? strdup(known->task_coro) : NULL;
	return true;
}

void current_look_up(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t since_ns = slot->since_ns;

	if (slot->state == BP_BLOCKED && now_ns >= since_ns + engine->old_ns)
		current_slice(engine, loop, since_ns);
}

void current_finish(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	struct slices blocked = { 0 };
	struct live live;

	if (!live_read(engine, loop, &live) || live.slot.use != BP_SLOT_THREAD ||
	    now_ns <= live.slot.since_ns)
		return;
	current_add(engine, loop, &live, now_ns, &blocked);
	collect_all_blocked(loop, &blocked);
}
