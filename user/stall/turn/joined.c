// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * joined.c - when the frames of a Task are those that a greenlet was started by: while
 * the thread is still where the stack was taken. Kept for the rest of the turn.
 */
#include "stall/turn/joined.h"

#include <stdlib.h>
#include <string.h>

#include "probe/probe.h"
#include "runtime/python/python.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"

/* One whose name does not come in time may be the loop's. */
static bool names_are_known(struct python *python, const struct bp_stack *stack)
{
	struct python_name name;

	for (size_t i = 0; i < stack->python_nr; i++)
		if (python_frame_name(python, &stack->python[i], &name) < 0)
			return false;
	return true;
}

/* Frames of a stack that begins in a Task, and has nothing of the loop that runs that. */
static bool is_greenlets(struct python *python, const struct bp_stack *stack)
{
	struct python_loop seen = { .epoll_fd = -1 };

	return stack->task && stack->python_nr && stack->python_nr < BP_PYTHON_FRAMES &&
	       !(stack->flags & (BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT | BP_STACK_SKIPPED)) &&
	       !python_frames_loop(python, stack->python, stack->python_nr, &seen) &&
	       !seen.run_onces && !seen.whole && names_are_known(python, stack);
}

/* The thread has not left the block that the capture is of; or it computed, and is in the same turn. */
static bool is_there_still(struct engine *engine, const struct loop *loop,
			   const struct bp_capture *capture, bool computes)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!slot->in_turn || slot->turn_seq != capture->turn_seq)
		return false;
	return computes || (slot->state == BP_BLOCKED && slot->since_ns == capture->since_ns);
}

/* What was read in this turn is of the same greenlet, as far as its outermost frame tells. */
static bool is_known(const struct loop_joined *joined, const struct bp_capture *capture)
{
	const struct bp_stack *stack = &capture->stack;
	const struct bp_python_frame *outermost = &stack->python[stack->python_nr - 1];

	return joined->nr && joined->seq == capture->turn_seq && joined->task == stack->task &&
	       joined->outermost.code == outermost->code &&
	       joined->outermost.loop == outermost->loop;
}

static void read_frames(struct engine *engine, struct loop *loop, struct python *python,
			const struct bp_capture *capture, bool computes)
{
	const struct bp_stack *stack = &capture->stack;
	struct bp_python_frame frames[BP_PYTHON_FRAMES];
	struct loop_joined *joined = &loop->joined;
	int nr = python_task_frames(python, stack->task, frames, BP_PYTHON_FRAMES);

	/* it may have gone on meanwhile */
	if (nr <= 0 || !is_there_still(engine, loop, capture, computes))
		return;
	free(joined->frames);
	*joined = (struct loop_joined){
		.seq = capture->turn_seq,
		.task = stack->task,
		.outermost = stack->python[stack->python_nr - 1],
		.frames = calloc((size_t)nr, sizeof(frames[0])),
	};
	if (!joined->frames)
		return;
	memcpy(joined->frames, frames, (size_t)nr * sizeof(frames[0]));
	joined->nr = (size_t)nr;
}

/* As in the kernel side's array: what does not fit is cut. */
static void append(struct bp_stack *stack, const struct loop_joined *joined)
{
	size_t room = BP_PYTHON_FRAMES - stack->python_nr;
	size_t nr = joined->nr < room ? joined->nr : room;

	/* a greenlet's outermost frame was called by compiled code */
	stack->python[stack->python_nr - 1].code |= BP_PYTHON_ENTRY;
	memcpy(&stack->python[stack->python_nr], joined->frames, nr * sizeof(joined->frames[0]));
	stack->python_nr += nr;
	if (nr < joined->nr)
		stack->flags |= BP_STACK_PYTHON_CUT;
}

struct bp_stack *joined_stack(struct engine *engine, struct loop *loop, struct python *python,
			      const struct bp_capture *capture, bool computes)
{
	struct bp_stack *stack;

	if (!python || !is_greenlets(python, &capture->stack))
		return NULL;
	if (!is_known(&loop->joined, capture) && is_there_still(engine, loop, capture, computes))
		read_frames(engine, loop, python, capture, computes);
	if (!is_known(&loop->joined, capture))
		return NULL;
	stack = malloc(sizeof(*stack));
	if (!stack)
		return NULL;
	*stack = capture->stack;
	append(stack, &loop->joined);
	return stack;
}
