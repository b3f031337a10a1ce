// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asyncio.c - asyncio's own loop (base_events.py): a thread with a _run_once on
 * its stack. It waits in the selector that its outermost _run_once calls; a
 * further _run_once inside is a loop that was started by a callback.
 */
#include <errno.h>

#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/python/python.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	struct python_loop then = { .epoll_fd = -1 }, now = { .epoll_fd = -1 };

	if (moment->python_pending)
		return true; /* asked again when it can be read */
	if (!moment->python)
		return false;
	if (python_thread_loop(moment->python, moment->pthread, &now) < 0)
		now.run_onces = 0;
	/* the frames of the moment when it began to sleep, rather than those of now */
	if (!candidate || !candidate->stack.python_nr ||
	    python_frames_loop(moment->python, candidate->stack.python, candidate->stack.python_nr,
			       &then) < 0)
		then = now;
	/* a child has the frames of the turn in which it was forked, but runs no loop of its own by that */
	if (now.turn_start_ns && now.turn_start_ns < moment->forked_ns)
		return true;
	if (!then.run_onces)
		return false;
	recognised->runtime = runtime;
	recognised->loop_object = now.loop_object;
	if (then.in_own_select && candidate) {
		recognised->wait_class = candidate->wait_class;
		recognised->wait_id = candidate->wait_id;
		return true;
	}
	if (now.in_own_select && block && block->wait_class) {
		recognised->wait_class = block->wait_class;
		recognised->wait_id = block->wait_id;
		return true;
	}
	if (now.epoll_fd >= 0) {
		recognised->wait_class = BP_WAIT_EPOLL;
		recognised->wait_id = now.epoll_fd;
	}
	recognised->turn_start_ns = now.turn_start_ns;
	recognised->task = now.task;
	return true;
}

static int see(struct python *python, const struct bp_stack *stack, struct python_loop *seen)
{
	return python_frames_loop(python, stack->python, stack->python_nr, seen) < 0 ? -ENOENT : 0;
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_other_wait(moment, see);
}

/* BaseEventLoop._run_once() keeps it as end_time. */
static uint64_t noted_start_ns(const struct moment *moment)
{
	struct python_loop noted = { .epoll_fd = -1 };

	if (!moment->python || python_thread_loop(moment->python, moment->pthread, &noted) < 0 ||
	    noted.run_onces != 1)
		return 0;
	return noted.turn_start_ns;
}

const struct runtime runtime_asyncio = {
	.name = "asyncio",
	.recognise = recognise,
	.other_wait = other_wait,
	.noted_start_ns = noted_start_ns,
	.frames_show_end = true,
};
