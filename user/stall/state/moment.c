// SPDX-License-Identifier: GPL-2.0-or-later
/* moment.c - how what is known of a process is put before its runtime, and how long it stays true. */
#include "stall/state/moment.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "runtime/program.h"
#include "stall/state/interpreter.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define PROGRAM_AGE_NS	 NS_PER_SEC /* then twice as long each time, so often: */
#define PROGRAM_RENEWALS 5

struct moment moment_of(struct engine *engine, struct watched *watched, pid_t tid)
{
	return (struct moment){
		.pid = watched->pid,
		.tid = tid,
		.memory = state_memory(engine, watched->pid),
		.pthread = watched_pthread(watched, tid),
		.comm = "",
		.program = watched->program.program,
		.symbols = engine->symbols,
		.pool = &watched->pool,
		.python = watched_python(watched),
		.python_pending = interpreter_is_coming(watched),
		.forked_ns = watched->forked_ns,
	};
}

/* A library may be loaded late: while no loop is found, it is looked at again. */
struct program *moment_program(struct engine *engine, struct watched *watched)
{
	const struct memory memory = state_memory(engine, watched->pid);
	struct watched_program *known = &watched->program;
	uint64_t now_ns = probe_now_ns();
	struct program_functions functions;

	if (known->program && !watched->loops &&
	    now_ns - known->since_ns > (uint64_t)PROGRAM_AGE_NS << known->renewals) {
		/* less and less often: all of its mappings are gone through */
		if (known->renewals < PROGRAM_RENEWALS)
			known->renewals++;
		program_free(known->program);
		known->program = NULL;
	}
	if (!known->program) {
		known->since_ns = now_ns;
		runtime_functions(&functions);
		if (program_new(&known->program, &memory, engine->symbols, &functions))
			known->program = NULL;
	}
	return known->program;
}
