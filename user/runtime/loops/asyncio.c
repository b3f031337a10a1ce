// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asyncio.c - asyncio's own loop (base_events.py): a thread with a _run_once on
 * its stack. It waits in the selector that its outermost _run_once calls; a
 * further _run_once inside is a loop that was started by a callback.
 */
#include "runtime/python/python.h"
#include "runtime/runtime.h"

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;
	struct python_loop then = { .epoll_fd = -1 }, now = { .epoll_fd = -1 };

	if (sighting->python_pending)
		return true; /* judged when it can be read */
	if (!sighting->python)
		return false;
	if (python_thread_loop(sighting->python, sighting->pthread, &now) < 0)
		now.run_onces = 0;
	/* the frames of the moment when it began to sleep, rather than those of now */
	if (!candidate || !candidate->stack.python_nr ||
	    python_frames_loop(sighting->python, candidate->stack.python,
			       candidate->stack.python_nr, &then) < 0)
		then = now;
	/* a child has the frames of the turn in which it was forked, but runs no loop of its own by that */
	if (now.turn_start_ns && now.turn_start_ns < sighting->forked_ns)
		return true;
	if (!then.run_onces)
		return false;
	verdict->runtime = runtime->name;
	verdict->loop_object = now.loop_object;
	if (then.in_own_select && candidate) {
		verdict->wait_class = candidate->wait_class;
		verdict->wait_id = candidate->wait_id;
		return true;
	}
	if (now.in_own_select && block && block->wait_class) {
		verdict->wait_class = block->wait_class;
		verdict->wait_id = block->wait_id;
		return true;
	}
	if (now.epoll_fd >= 0) {
		verdict->wait_class = BP_WAIT_EPOLL;
		verdict->wait_id = now.epoll_fd;
	}
	verdict->turn_start_ns = now.turn_start_ns;
	verdict->task = now.task;
	return true;
}

const struct runtime runtime_asyncio = { .name = "asyncio", .judge = judge };
