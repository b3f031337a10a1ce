// SPDX-License-Identifier: GPL-2.0-or-later
/* interpreted.c - what Python frames show of a loop written in Python: that it runs, and that it waits. */
#include "runtime/interpreted.h"

#include "proc/epoll.h"
#include "proc/process.h"
#include "runtime/native.h"
#include "runtime/python/look.h"

#define UNSEEN_TIMES 64 /* returns to one wait, after which the frames of now have to do */

bool interpreted_is_inherited(const struct moment *moment, int fd)
{
	return process_is_copy(moment->pid) && epoll_is_inherited(&moment->memory, fd);
}

/* The frames of the moment when it began to sleep, rather than those of now. */
static int frames_of(const struct moment *moment, struct bp_python_frame now[BP_PYTHON_FRAMES],
		     const struct bp_python_frame **frames)
{
	const struct bp_candidate *candidate = moment->candidate;

	*frames = now;
	if (!candidate || !candidate->stack.python_nr)
		return python_frames(moment->python, moment->pthread, now, BP_PYTHON_FRAMES);
	*frames = candidate->stack.python;
	return candidate->stack.python_nr;
}

static struct interpreted_hub read_hub(const struct moment *moment)
{
	struct interpreted_hub hub = { .hub = PYTHON_HUB_NONE, .epoll_fd = -1 };
	struct bp_python_frame now[BP_PYTHON_FRAMES];
	const struct bp_python_frame *frames;
	int nr = frames_of(moment, now, &frames);

	if (nr < 0)
		return hub;
	hub.hub = python_frames_hub(moment->python, frames, (size_t)nr, &hub.in_wait);
	if (hub.hub != PYTHON_HUB_NONE)
		return hub;
	hub.hub = python_thread_hub(moment->python, moment->pthread, &hub.epoll_fd);
	hub.aside = hub.hub != PYTHON_HUB_NONE;
	return hub;
}

static struct interpreted_hub hub_of(const struct moment *moment)
{
	struct interpreted *known = moment->interpreted;

	if (!known)
		return read_hub(moment);
	if (!known->hub_is_read)
		known->hub = read_hub(moment);
	known->hub_is_read = true;
	return known->hub;
}

int interpreted_loop(const struct moment *moment, struct python_loop *out)
{
	struct interpreted *known = moment->interpreted;

	if (!known)
		return python_thread_loop(moment->python, moment->pthread, out);
	if (!known->loop_is_read)
		known->loop_err = python_thread_loop(moment->python, moment->pthread, &known->loop);
	known->loop_is_read = true;
	*out = known->loop;
	return known->loop_err;
}

/* It is in a turn: what it waits on is known by the loop's own object, or shows with the first wait. */
static void fill_turn(const struct runtime *runtime, const struct moment *moment,
		      const struct interpreted_hub *hub, struct recognised *recognised)
{
	int own;

	/* the frames of a turn in which a process was forked stay on its stack */
	if (moment->candidate || moment->forked_ns || process_is_copy(moment->pid))
		return;
	own = hub->aside ? hub->epoll_fd : python_hub_epoll(moment->python, moment->pthread);
	if (own < 0)
		own = native_main_epoll(moment);
	recognised->runtime = runtime;
	recognised->way = hub->aside ? WAY_WORD : WAY_STACK;
	recognised->in_turn = true;
	if (own < 0)
		return;
	recognised->wait_class = BP_WAIT_EPOLL;
	recognised->wait_id = (uint64_t)own;
}

bool interpreted_recognise(const struct runtime *runtime, const struct moment *moment,
			   enum python_hub hub, struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	struct interpreted_hub known;

	if (!moment->python)
		return false;
	known = hub_of(moment);
	if (known.hub != hub)
		return false;
	if (candidate && known.in_wait) {
		recognised->wait_class = candidate->wait_class;
		recognised->wait_id = candidate->wait_id;
	} else if (block && known.in_wait && block->wait_class != BP_WAIT_FUTEX) {
		recognised->wait_class = block->wait_class;
		recognised->wait_id = block->wait_id;
	}
	if (recognised->wait_class) {
		recognised->runtime = runtime;
		recognised->way = WAY_STACK;
	} else {
		fill_turn(runtime, moment, &known, recognised);
	}
	return true;
}

bool interpreted_lacks_frames(const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;

	/* who never sleeps there is not seen otherwise */
	return moment->python && candidate && !candidate->stack.python_nr &&
	       candidate->count < UNSEEN_TIMES && python_tstate(moment->python, moment->pthread);
}

const char *interpreted_borrows(const struct moment *moment)
{
	struct bp_python_frame now[BP_PYTHON_FRAMES];
	const struct bp_python_frame *frames;
	int nr;

	if (!moment->python)
		return NULL;
	nr = frames_of(moment, now, &frames);
	return nr > 0 ? python_frames_borrow(moment->python, frames, (size_t)nr) : NULL;
}

/* There are some that are not known. */
static bool lacks_frames(const struct bp_stack *stack)
{
	return stack->flags & (BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT | BP_STACK_SKIPPED);
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

	if (python_thread_loop(moment->python, moment->pthread, &now) < 0 ||
	    (!now.run_onces && !now.said))
		return OTHER_WAIT_LEFT;
	return OTHER_WAIT_NONE;
}

/* A loop whose own code is compiled: no frame of it shows but of what runs it. */
static bool is_compiled(const struct python_loop *now)
{
	return !now->run_onces && now->epoll_fd < 0;
}

static bool is_wait(const struct bp_block *block)
{
	return block->wait_class && block->wait_class != BP_WAIT_FUTEX;
}

/* Does asyncio's loop run, although these frames have nothing of it: are they a greenlet's? */
static bool runs_unseen(const struct moment *moment, const struct python_loop *seen)
{
	struct python_loop now = { .epoll_fd = -1 };

	if (moment->stack->task &&
	    python_task_is_on(moment->python, moment->stack->task, moment->pthread))
		return true;
	if (python_thread_loop(moment->python, moment->pthread, &now) || !now.said)
		return false;
	/* what is said is said of now: outside of any loop by then, the thread may have begun another since */
	return !seen->whole || (seen->in_run && is_compiled(&now));
}

bool interpreted_left_unseen(const struct moment *moment)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(moment->python);
	const struct bp_stack *stack = moment->stack;
	struct python_loop seen = { .epoll_fd = -1 }, now = { .epoll_fd = -1 };

	if (!moment->python || !stack || !stack->python_nr || lacks_frames(stack) ||
	    python_frames_loop(moment->python, stack->python, stack->python_nr, &seen) ||
	    !frames_are_known(moment->python, stack))
		return false;
	if (stack->task && python_task_is_on(moment->python, stack->task, moment->pthread))
		return false;
	/* a loop that had called what blocks would be between Python's functions */
	if (seen.whole && !seen.called)
		return true;
	return !python_thread_loop(moment->python, moment->pthread, &now) && now.left;
}

enum other_wait interpreted_other_wait(const struct moment *moment)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(moment->python);
	const struct bp_stack *stack = moment->stack;
	struct python_loop seen = { .epoll_fd = -1 };

	if (!moment->python || !stack || lacks_frames(stack))
		return OTHER_WAIT_NONE;
	if (!stack->python_nr)
		return without_frames(moment);
	if (python_frames_loop(moment->python, stack->python, stack->python_nr, &seen))
		return OTHER_WAIT_NONE;
	if (!seen.run_onces) {
		if (!frames_are_known(moment->python, stack))
			return OTHER_WAIT_NONE;
		if (!runs_unseen(moment, &seen))
			return OTHER_WAIT_LEFT;
		/* a loop of compiled code waits itself, whose wait was not known yet */
		return seen.in_call && is_wait(moment->block) && !stack->task ? OTHER_WAIT_OWN
									      : OTHER_WAIT_NONE;
	}
	/* asyncio.run() again: another loop object, another epoll instance */
	return seen.in_own_select && moment->block->wait_class ? OTHER_WAIT_OWN : OTHER_WAIT_NONE;
}

enum other_wait interpreted_hub_wait(const struct moment *moment, enum python_hub hub)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(moment->python);
	const struct bp_stack *stack = moment->stack;
	bool in_wait;

	if (!moment->python || !stack || lacks_frames(stack) || !stack->python_nr)
		return OTHER_WAIT_NONE;
	if (python_frames_hub(moment->python, stack->python, stack->python_nr, &in_wait) != hub) {
		/* greenlets have stacks without their hub */
		if (hub == PYTHON_HUB_GEVENT || hub == PYTHON_HUB_EVENTLET)
			return OTHER_WAIT_NONE;
		return frames_are_known(moment->python, stack) ? OTHER_WAIT_LEFT : OTHER_WAIT_NONE;
	}
	if (!in_wait)
		return OTHER_WAIT_NONE;
	/* trio.run() again: another epoll instance; or it has no descriptors, and sleeps till its next timer */
	return moment->block->wait_class ? OTHER_WAIT_OWN : OTHER_WAIT_LEFT;
}
