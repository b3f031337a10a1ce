// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uvloop.c - asyncio on libuv: a compiled module with libuv in it, called loop.*.so
 * in a directory called uvloop. Tasks are asyncio's, which also says that it runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"
#include "runtime/python/queues.h"

#define UNREAD_TIMES 256 /* returns to its wait, after which it is what its code is */

static bool is_uvloop(const char *path)
{
	return path && strstr(path, "/uvloop/loop.");
}

/* Debian's is linked with the system's libuv. */
static bool is_caller(struct program *program, uint64_t sp)
{
	const char *caller = program_caller(program, sp);

	return is_uvloop(caller) || (caller && !strncmp(base_name(caller), "libuv.so", 8));
}

/* The main thread, blocked in something else or running: its loop is there if it has an epoll instance. */
static bool recognise_elsewhere(const struct runtime *runtime, const struct moment *moment,
				struct recognised *recognised)
{
	int own = moment->forked_ns ? -1 : native_main_epoll(moment);

	if (own < 0)
		return false;
	recognised->runtime = runtime;
	recognised->wait_class = BP_WAIT_EPOLL;
	recognised->wait_id = (uint64_t)own;
	recognised->in_turn = true;
	return true;
}

/* asyncio says that it runs, and it says itself which epoll instance is its own. */
static void recognise_said(const struct runtime *runtime, const struct moment *moment,
			   const struct python_loop *now, struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	unsigned int wait_class = candidate ? candidate->wait_class : block ? block->wait_class : 0;
	uint64_t wait_id = candidate ? candidate->wait_id : block ? block->wait_id : 0;
	bool waits = wait_class == BP_WAIT_EPOLL && wait_id == (uint64_t)now->epoll_fd;

	if (!waits && interpreted_is_inherited(moment, now->epoll_fd)) {
		recognised->against = "its parent's loop forked it";
		return;
	}
	recognised->runtime = runtime;
	recognised->way = WAY_WORD;
	recognised->wait_class = BP_WAIT_EPOLL;
	recognised->wait_id = (uint64_t)now->epoll_fd;
	recognised->loop_object = now->loop_object;
	recognised->in_turn = !waits;
	recognised->task = now->task;
}

/*
 * Its interpreter has not been read yet, which it will be on a machine that is less
 * busy: until then it is not taken for any other program with libuv.
 */
static bool is_unread(const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;

	return moment->program && candidate && candidate->count < UNREAD_TIMES &&
	       is_uvloop(program_library(moment->program, "loop."));
}

/* It was in its loop when it came to this wait, which is uvloop's, and no other's with libuv. */
static bool is_left(const struct moment *moment, uint64_t sp, struct recognised *recognised)
{
	if (!moment->candidate || !is_caller(moment->program, sp))
		return false;
	recognised->against = "it has left its loop since";
	return true;
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	unsigned int wait_class = candidate ? candidate->wait_class : block ? block->wait_class : 0;
	struct python_loop now = { .epoll_fd = -1 };
	uint64_t sp = 0;

	if (!moment->python)
		return is_unread(moment);
	if (!interpreted_loop(moment, &now) && now.is_uvloop && now.epoll_fd >= 0) {
		recognise_said(runtime, moment, &now, recognised);
		return true;
	}
	/* a thread of libuv's pool parks: no loop */
	if (wait_class == BP_WAIT_FUTEX)
		return false;
	if (wait_class)
		sp = candidate ? candidate->sp : block->sp;
	if (!is_uvloop(program_library(moment->program, "loop.")))
		return false;
	if (now.left)
		return is_left(moment, sp, recognised);
	if (!sp)
		return recognise_elsewhere(runtime, moment, recognised);
	if (!is_caller(moment->program, sp))
		return false;
	if (candidate && !native_is_habit(moment))
		return true;
	recognised->runtime = runtime;
	recognised->wait_class = candidate ? candidate->wait_class : block->wait_class;
	recognised->wait_id = candidate ? candidate->wait_id : block->wait_id;
	return true;
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_left_unseen(moment) ? OTHER_WAIT_LEFT : OTHER_WAIT_NONE;
}

/* What is ready it keeps where only its own code knows. */
static int backlog(const struct moment *moment, uint64_t loop, struct loop_backlog *backlog)
{
	int nr;

	if (!moment->python || !loop)
		return -ENOENT;
	nr = python_uvloop_timers(moment->python, loop, backlog->due_ns, BACKLOG_TIMERS);
	if (nr < 0)
		return nr;
	backlog->has_timers = true;
	backlog->nr_due = (size_t)nr;
	return 0;
}

const struct runtime runtime_uvloop = {
	.name = "uvloop",
	.recognise = recognise,
	.other_wait = other_wait,
	.backlog = backlog,
	.frames_show_end = true,
	.advice = advice_asyncio,
	.off_loop = &off_asyncio,
	.workers = &libuv_workers,
};
