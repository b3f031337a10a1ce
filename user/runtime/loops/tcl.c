// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcl.c - Tcl's and Tk's loop, Python's tkinter among them. A thread waits on a condition
 * variable of its own, and one thread of the process, the notifier's, polls for all of them.
 *
 * Tcl 8.6: unix/tclUnixNotfy.c. From 9.0 on each thread waits in an epoll instance of its own.
 */
#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "tclsh", "wish", NULL };
static const char *const libraries[] = { "libtcl8", "libtcl9", NULL };
static const char *const runs_in[] = { "Tcl_DoOneEvent", NULL };

static bool is_caller(struct program *program, uint64_t sp)
{
	const char *caller = program_caller(program, sp);

	return caller && starts_with(base_name(caller), "libtcl");
}

static bool waits_for_event(struct program *program, uint64_t sp)
{
	static const char *const wait[] = { "Tcl_WaitForEvent", NULL };
	const struct program_functions_in in = { .functions = wait, .libraries = libraries };
	int call;

	return is_caller(program, sp) && program_calls(program, sp, &in, &call, 1);
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	unsigned int class = candidate ? candidate->wait_class : block ? block->wait_class : 0;
	uint64_t sp = candidate ? candidate->sp : block ? block->sp : 0;

	if (!native_is_mapped(runtime, moment->program))
		return false;
	if (!moment->pool->parks)
		moment->pool->parks = BP_PARKS_CONDITIONS;
	if (waits_for_event(moment->program, sp)) {
		/* what it waits on is shown from now on */
		if (!class)
			return true;
		recognised->runtime = runtime;
		recognised->way = WAY_STACK;
		recognised->wait_class = class;
		recognised->wait_id = candidate ? candidate->wait_id : block->wait_id;
		if (class == BP_WAIT_FUTEX)
			recognised->park_id = recognised->wait_id;
		return true;
	}
	if (class && class != BP_WAIT_FUTEX && is_caller(moment->program, sp)) {
		recognised->against = "Tcl polls here for the threads that run its loops";
		return true;
	}
	return native_recognise(runtime, moment, recognised);
}

static const struct advice rows[] = {
	{ "after() with a script or callback instead of a sleep", .causes = ON(SLEEP) },
	{ "a pipe to the child (open |...) with fileevent, or a thread that waits for it",
	  .causes = ON(CHILD) },
	{ "a thread, whose result a callback of after() looks for",
	  .causes = ON(CPU) | ON(FILE) | ON(SOCKET) | ON(DNS) | ON(LOCK) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_tcl = {
	.name = "tcl",
	.recognise = recognise,
	.unread = "Tcl",
	.programs = programs,
	.libraries = libraries,
	.runs_in = runs_in,
	.advice = advice,
};
