// SPDX-License-Identifier: GPL-2.0-or-later
/* recognise.c - which threads are asked about, and what has to be known of them first. */
#include "stall/loops/recognise.h"

#include <poll.h>
#include <string.h>

#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/loops/binding.h"
#include "stall/loops/scan.h"
#include "stall/state/interpreter.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define CLOCK_TRIES 3

/* The user has the last word (--loop). */
static bool is_overridden(const struct engine *engine, pid_t tid, struct recognised *recognised)
{
	for (size_t i = 0; i < engine->options.nr_overrides; i++) {
		const struct engine_override *override = &engine->options.overrides[i];

		if (override->tid != tid)
			continue;
		memset(recognised, 0, sizeof(*recognised));
		if (override->fd < 0)
			return true;
		recognised->runtime = runtime_unknown();
		recognised->wait_class = BP_WAIT_EPOLL;
		recognised->wait_id = override->fd;
		return true;
	}
	return false;
}

void recognise_thread(struct engine *engine, struct watched *watched, struct moment *moment,
		      struct recognised *recognised)
{
	moment->python = interpreter_find(engine, watched);
	moment->python_pending = interpreter_is_coming(watched);
	/* what a thread is that sleeps elsewhere can only be said of a main thread */
	if (moment->candidate || (moment->block && moment->block->wait_class) ||
	    moment->tid == moment->pid)
		moment->program = moment_program(engine, watched);
	else
		moment->program = NULL;
	runtime_recognise(moment, recognised);
	/* what its tasks are kept in may have come since it was asked for above */
	if (recognised->runtime && moment->python)
		interpreter_find(engine, watched);
	if (watched->pool.parks && !watched->pool.shown) {
		watched->pool.shown = true;
		engine->recognise.again = !probe_parks(engine->probe, watched->pid);
	}
	if (is_overridden(engine, moment->tid, recognised) && moment->python)
		recognised->turn_start_ns = 0;
}

/* -- all threads that are there -- */

struct pass {
	struct engine *engine;
	bool clock; /* match the scheduler's clock */
	bool ask;
};

static struct watched *watched_of(struct engine *engine, const struct bp_watched_snapshot *snapshot)
{
	struct watched *watched = watched_find(engine->watched, snapshot->tgid);

	if (watched || !engine->options.whole_system)
		return watched;
	watched = watched_add(engine->watched, snapshot->tgid, probe_now_ns());
	if (watched) {
		watched_identify(watched);
		scan_soon(engine, watched);
	}
	return watched;
}

static void see_thread(void *context, const struct bp_watched_snapshot *snapshot)
{
	struct pass *pass = context;
	struct engine *engine = pass->engine;
	struct recognised recognised;
	struct watched *watched;
	struct loop *loop = NULL;
	struct moment moment;

	if (snapshot->own) {
		/* we run now: since when, is known by both clocks */
		if (pass->clock && snapshot->state == BP_RUNNING && snapshot->sched_arrival_ns &&
		    !snapshot->before)
			sched_clock_match(&engine->sched_clock, snapshot->since_ns,
					  snapshot->sched_arrival_ns);
		return;
	}
	watched = watched_of(engine, snapshot);
	if (!watched)
		return;
	watched_note_thread(watched, snapshot->tid, snapshot->pthread);
	if (probe_slot(engine->probe, snapshot->slot))
		loop = binding_slot(engine, snapshot->slot, snapshot->tgid, snapshot->tid);
	if (!pass->ask || (loop && loop->runtime))
		return;
	moment = moment_of(engine, watched, snapshot->tid);
	moment.pthread = snapshot->pthread;
	moment.block = snapshot->state == BP_BLOCKED ? &snapshot->block : NULL;
	moment.comm = snapshot->comm;
	recognise_thread(engine, watched, &moment, &recognised);
	if (recognised.runtime)
		binding_ask(engine, &moment, &recognised, snapshot);
}

/* The thread itself has to have left the CPU and come back for its clocks to be compared. */
static void match_clock(struct engine *engine)
{
	struct pass pass = { .engine = engine, .clock = true };

	for (int i = 0; i < CLOCK_TRIES && !engine->sched_clock.known; i++) {
		poll(NULL, 0, 1);
		probe_iterate(engine->probe, see_thread, &pass);
	}
}

int recognise_all(struct engine *engine)
{
	struct pass asking = { .engine = engine, .ask = true };
	struct pass binding = { .engine = engine };
	int err;

	if (!engine->sched_clock.known) {
		err = probe_iterate(engine->probe, NULL, NULL);
		if (err)
			return err;
		match_clock(engine);
	}
	err = probe_iterate(engine->probe, see_thread, &asking);
	if (!err && engine->recognise.again) {
		engine->recognise.again = false;
		err = probe_iterate(engine->probe, see_thread, &asking);
	}
	if (!err && binding_is_asked(engine))
		err = probe_iterate(engine->probe, see_thread, &binding);
	binding_forget(engine);
	return err;
}

void recognise_process(struct engine *engine, pid_t pid)
{
	struct pass asking = { .engine = engine, .ask = true };
	struct pass binding = { .engine = engine };

	probe_iterate_process(engine->probe, pid, see_thread, &asking);
	if (binding_is_asked(engine))
		probe_iterate_process(engine->probe, pid, see_thread, &binding);
	binding_forget(engine);
}

/* -- one thread -- */

void recognise_bind(struct engine *engine, const struct moment *moment,
		    const struct recognised *recognised)
{
	struct pass binding = { .engine = engine };

	binding_ask(engine, moment, recognised, NULL);
	probe_iterate_thread(engine->probe, moment->tid, see_thread, &binding);
	binding_forget(engine);
}

/* A loop whose wait was not known: here it is; the kernel side sees it at the wakeup. */
static void learn_wait(struct bp_slot *slot, const struct recognised *recognised)
{
	if (!slot->park_id)
		__atomic_store_n(&slot->park_id, recognised->park_id, __ATOMIC_RELEASE);
	if (slot->wait_class || !recognised->wait_class)
		return;
	slot->wait_id = recognised->wait_id;
	__atomic_store_n(&slot->wait_class, recognised->wait_class, __ATOMIC_RELEASE);
}

void recognise_candidate(struct engine *engine, const struct bp_candidate *candidate)
{
	struct watched *watched = watched_find(engine->watched, candidate->header.tgid);
	struct bp_slot *slot = probe_slot(engine->probe, candidate->header.slot);
	struct recognised recognised;
	struct moment moment;

	if (!watched)
		return;
	watched_note_thread(watched, candidate->header.tid, candidate->pthread);
	moment = moment_of(engine, watched, candidate->header.tid);
	moment.pthread = candidate->pthread;
	moment.comm = candidate->comm;
	moment.candidate = candidate;
	recognise_thread(engine, watched, &moment, &recognised);
	if (recognised.runtime && slot && loops_at(engine->loops, candidate->header.slot) &&
	    slot->use == BP_SLOT_LOOP)
		learn_wait(slot, &recognised);
	else if (recognised.runtime)
		recognise_bind(engine, &moment, &recognised);
	if (engine->recognise.again)
		recognise_all(engine);
}
