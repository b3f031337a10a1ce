// SPDX-License-Identifier: GPL-2.0-or-later
/* interpreted.c - what Python frames show of a loop written in Python: that it runs, and that it waits. */
#include "runtime/interpreted.h"

bool interpreted_recognise(const struct runtime *runtime, const struct moment *moment,
			   enum python_hub hub, struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	struct bp_python_frame now[BP_PYTHON_FRAMES];
	const struct bp_python_frame *frames = now;
	bool in_wait;
	int nr;

	if (!moment->python)
		return false;
	/* the frames of the moment when it began to sleep, rather than those of now */
	if (candidate && candidate->stack.python_nr) {
		frames = candidate->stack.python;
		nr = candidate->stack.python_nr;
	} else {
		nr = python_frames(moment->python, moment->pthread, now, BP_PYTHON_FRAMES);
	}
	if (nr < 0 || python_frames_hub(moment->python, frames, (size_t)nr, &in_wait) != hub)
		return false;
	if (candidate && in_wait) {
		recognised->wait_class = candidate->wait_class;
		recognised->wait_id = candidate->wait_id;
	} else if (block && in_wait) {
		recognised->wait_class = block->wait_class;
		recognised->wait_id = block->wait_id;
	}
	if (recognised->wait_class)
		recognised->runtime = runtime;
	return true;
}

/* Not those of a process that has ended, or become another program, since they were taken. */
static bool frames_are_known(struct python *python, const struct bp_stack *stack)
{
	struct python_name name;

	for (size_t i = 0; i < stack->python_nr; i++)
		if (python_frame_name(python, &stack->python[i], &name) < 0)
			return false;
	return true;
}

/*
 * The interpreter starts, or shuts down; or it has more threads than the kernel
 * side looks through.
 */
static enum other_wait without_frames(const struct moment *moment)
{
	struct python_loop now = { .epoll_fd = -1 };

	if (python_thread_loop(moment->python, moment->pthread, &now) < 0 || !now.run_onces)
		return OTHER_WAIT_LEFT;
	return OTHER_WAIT_NONE;
}

enum other_wait interpreted_other_wait(const struct moment *moment, interpreted_seen_fn *see)
{
	const struct bp_stack *stack = moment->stack;
	struct python_loop seen = { .epoll_fd = -1 };

	if (!moment->python || !stack ||
	    stack->flags & (BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT | BP_STACK_SKIPPED))
		return OTHER_WAIT_NONE;
	if (!stack->python_nr)
		return without_frames(moment);
	if (see(moment->python, stack, &seen))
		return OTHER_WAIT_NONE;
	if (!seen.run_onces)
		return frames_are_known(moment->python, stack) ? OTHER_WAIT_LEFT : OTHER_WAIT_NONE;
	/* asyncio.run() or trio.run() again: another loop object, another epoll instance */
	return seen.in_own_select && moment->block->wait_class ? OTHER_WAIT_OWN : OTHER_WAIT_NONE;
}
