// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * interpreter.c - when to look for a process's interpreter: it takes a program a
 * while to start one, and one that has none may still load it.
 */
#include "stall/state/interpreter.h"

#include <errno.h>

#include "base/clock.h"
#include "base/passing.h"
#include "probe/probe.h"
#include "runtime/python/python.h"
#include "stall/state/blind.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define TRY_FIRST_NS (5 * NS_PER_MS) /* then twice as long each time, up to: */
#define TRY_EVERY_NS (100 * NS_PER_MS)
#define TRY_LATE_NS  NS_PER_SEC
#define TRIES_SOON   4 /* before it is TRY_EVERY_NS */
#define TRIES_OFTEN  100 /* as often as that: ten seconds; then later ones */
#define TRIES_NONE   8 /* of a program that has none: for a second */
#define TRIES_BUSY   100 /* the symbolizer is started again; without one, for ten seconds */

static uint64_t gap_ns(unsigned int tries)
{
	if (tries > TRIES_OFTEN)
		return TRY_LATE_NS;
	if (tries > TRIES_SOON)
		return TRY_EVERY_NS;
	return (uint64_t)TRY_FIRST_NS << tries;
}

/* The symbolizer is started again, or there was no descriptor or memory left. */
static bool is_ours(int err)
{
	return err == -EBUSY || error_is_passing(err);
}

static void try(struct engine *engine, struct watched *watched, uint64_t now_ns)
{
	const struct memory memory = state_memory(engine, watched->pid);
	struct watched_interpreter *interpreter = &watched->interpreter;
	int err = interpreter->error;

	/* what was missing on our side is nothing that shows in the process */
	if (!interpreter->tries || is_ours(err) || watched_has_moved(watched)) {
		python_close(interpreter->python);
		err = interpreter->error =
			python_open(&interpreter->python, &memory, engine->symbols);
	}
	watched_postpone(watched, now_ns + gap_ns(interpreter->tries++));
	interpreter->pending = err == -EAGAIN ||
			       (err == -ENOENT && interpreter->tries < TRIES_NONE) ||
			       (is_ours(err) && interpreter->tries < TRIES_BUSY);
	interpreter->unreadable = err == -ENOTSUP || (err == -EBUSY && interpreter->python);
	if (err && !interpreter->unreadable)
		interpreter->python = NULL;
	if (err == -EPERM || err == -EACCES)
		blind_note(engine, watched, BLIND_MEMORY_REFUSED);
	if ((interpreter->unreadable || is_ours(err)) && !interpreter->pending)
		blind_note(engine, watched, BLIND_INTERPRETER_UNKNOWN);
}

struct python *interpreter_find(struct engine *engine, struct watched *watched)
{
	struct watched_interpreter *interpreter = &watched->interpreter;
	uint64_t now_ns = probe_now_ns();
	struct bp_python layout;
	struct python *python;

	if (interpreter->pending && now_ns >= watched->due.next_ns)
		try(engine, watched, now_ns);
	python = watched_python(watched);
	if (python && !interpreter->tasks_known && !python_layout(python, &layout)) {
		/* without it the kernel side takes no frames: then it is given at the next look */
		interpreter->tasks_known = !probe_python(engine->probe, watched->pid, &layout) &&
					   (layout.current_tasks || layout.tstate_running_task);
	}
	return python;
}

struct python *interpreter_of(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);

	return watched ? interpreter_find(engine, watched) : NULL;
}

bool interpreter_is_coming(const struct watched *watched)
{
	return watched->interpreter.pending && watched->interpreter.python;
}
