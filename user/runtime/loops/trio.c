// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trio.c - trio.run(): all of the loop is in one function, below which the wait
 * for events is, and the frames of the task that runs. A thread that is found in
 * the middle of one waits on the lowest epoll instance that is its own.
 */
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	int own;

	if (!interpreted_recognise(runtime, moment, PYTHON_HUB_TRIO, recognised))
		return false;
	if (recognised->runtime || moment->candidate || moment->forked_ns)
		return true;
	own = native_main_epoll(moment);
	if (own < 0)
		return true;
	recognised->runtime = runtime;
	recognised->wait_class = BP_WAIT_EPOLL;
	recognised->wait_id = (uint64_t)own;
	recognised->in_turn = true;
	return true;
}

static int see(struct python *python, const struct bp_stack *stack, struct python_loop *seen)
{
	seen->run_onces = python_frames_hub(python, stack->python, stack->python_nr,
					    &seen->in_own_select) == PYTHON_HUB_TRIO;
	return 0;
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_other_wait(moment, see);
}

const struct runtime runtime_trio = {
	.name = "trio",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
};
