// SPDX-License-Identifier: GPL-2.0-or-later
/* recognise.c - which threads are asked about, and what has to be known of them first. */
#include "stall/loops/recognise.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "proc/epoll.h"
#include "proc/in_call.h"
#include "runtime/poll_core.h"
#include "runtime/runtime.h"
#include "stall/loops/account.h"
#include "stall/loops/binding.h"
#include "stall/loops/scan.h"
#include "stall/loops/sources.h"
#include "stall/state/interpreter.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define CLOCK_TRIES 3
#define FRESH_NS    (5 * NS_PER_MS)
#define MOVED_TIMES 256 /* returns to one wait */
#define COMPUTES_NS NS_PER_MS /* without a pause: it may go on for long */

/* The user has the last word (--loop). */
static bool is_overridden(const struct engine *engine, pid_t tid, struct recognised *recognised)
{
	for (size_t i = 0; i < engine->options.nr_overrides; i++) {
		const struct engine_override *override = &engine->options.overrides[i];

		if (override->tid != tid)
			continue;
		memset(recognised, 0, sizeof(*recognised));
		if (override->fd < 0) {
			recognised->against = "--loop says so";
			return true;
		}
		recognised->way = WAY_USER;
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
	if (account_other_blockprof(engine, watched)) {
		*recognised = (struct recognised){ .against = "it is another blockprof" };
		return;
	}
	moment->python = interpreter_find(engine, watched);
	moment->python_pending = interpreter_is_coming(watched);
	/* of a thread that sleeps elsewhere, or runs, its stack may say it: where the program is known */
	if (moment->candidate || (moment->block && moment->block->wait_class) ||
	    moment->tid == moment->pid)
		moment->program = moment_program(engine, watched);
	else
		moment->program = watched->program.program;
	runtime_recognise(moment, recognised);
	/* what its tasks are kept in may have come since it was asked for above */
	if (recognised->runtime && moment->python)
		interpreter_find(engine, watched);
	if (watched->pool.parks && !watched->pool.shown) {
		watched->pool.shown = true;
		engine->recognise.again =
			!probe_parks(engine->probe, watched->pid, watched->pool.parks);
	}
	if (is_overridden(engine, moment->tid, recognised) && moment->python)
		recognised->turn_start_ns = 0;
}

/* -- all threads that are there -- */

struct pass {
	struct engine *engine;
	bool clock; /* match the scheduler's clock */
	bool ask;
	bool known; /* also those that are known already */
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
	uint64_t awake_ns = 0;
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
	if (snapshot->state != BP_BLOCKED)
		awake_ns = watched_awake_ns(watched, snapshot->tid, snapshot->sleeps,
					    snapshot->time_ns);
	if (probe_slot(engine->probe, snapshot->slot))
		loop = binding_slot(engine, snapshot->slot, snapshot->tgid, snapshot->tid);
	if (!pass->ask || (loop && loop->runtime && !pass->known))
		return;
	moment = moment_of(engine, watched, snapshot->tid);
	moment.pthread = snapshot->pthread;
	moment.block = snapshot->state == BP_BLOCKED ? &snapshot->block : NULL;
	/* a loop at its usual work comes back to its wait soon, and shows there where that is */
	if (snapshot->state == BP_BLOCKED || snapshot->sched_ran_ns >= COMPUTES_NS ||
	    awake_ns >= COMPUTES_NS)
		moment.sp = snapshot->sp;
	moment.comm = snapshot->comm;
	recognise_thread(engine, watched, &moment, &recognised);
	account_thread(engine, watched, &moment, &recognised);
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
		/* who has not slept by the time when it is asked about, computes */
		err = probe_iterate(engine->probe, see_thread, &binding);
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

void recognise_again(struct engine *engine, pid_t tid)
{
	struct pass asking = { .engine = engine, .ask = true, .known = true };
	struct pass binding = { .engine = engine };

	probe_iterate_thread(engine->probe, tid, see_thread, &asking);
	if (binding_is_asked(engine))
		probe_iterate_thread(engine->probe, tid, see_thread, &binding);
	binding_forget(engine);
}

void recognise_bind(struct engine *engine, const struct moment *moment,
		    const struct recognised *recognised)
{
	struct pass binding = { .engine = engine };

	binding_ask(engine, moment, recognised, NULL);
	probe_iterate_thread(engine->probe, moment->tid, see_thread, &binding);
	binding_forget(engine);
}

#define CORE_TIMES 4 /* polls, after which what they have in common is taken for good */

/* The kernel side knows a poll by these from now on, also where it is called from elsewhere. */
static void learn_core(const struct loop *loop, struct bp_slot *slot, const struct poll_core *core)
{
	int keys[BP_CORE];
	size_t nr;

	if (core->wait_class != slot->wait_class)
		return;
	nr = poll_core_keys(core, loop->id.pid, loop->runtime->polls_alike, keys);
	__atomic_store_n(&slot->core_nr, 0, __ATOMIC_RELEASE);
	memcpy(slot->core, keys, nr * sizeof(keys[0]));
	__atomic_store_n(&slot->core_nr, (unsigned int)nr, __ATOMIC_RELEASE);
	if (core->times >= CORE_TIMES)
		slot->core_wanted = 0;
}

/* A loop whose wait was not known: here it is; the kernel side sees it at the wakeup. */
static void learn_wait(struct bp_slot *slot, const struct recognised *recognised,
		       const struct bp_candidate *candidate)
{
	if (!slot->park_id)
		__atomic_store_n(&slot->park_id, recognised->park_id, __ATOMIC_RELEASE);
	if (slot->wait_class || !recognised->wait_class)
		return;
	slot->wait_id = recognised->wait_id;
	slot->wait_sp = candidate->sp;
	slot->source = candidate->source;
	slot->core_wanted = bp_is_poll(recognised->wait_class);
	__atomic_store_n(&slot->wait_class, recognised->wait_class, __ATOMIC_RELEASE);
}

/*
 * What was looked at is not what the candidate was in: on a busy machine that is long
 * ago. It is known by its next ones, and if it never is where it was, by what there is.
 */
static bool has_moved(const struct engine *engine, const struct bp_candidate *candidate,
		      enum way way)
{
	const struct bp_header *header = &candidate->header;
	const struct memory memory = state_memory(engine, (pid_t)header->tgid);

	return (way == WAY_HABIT || way == WAY_NONE) && candidate->count < MOVED_TIMES &&
	       candidate->since_ns && probe_now_ns() - candidate->since_ns > FRESH_NS &&
	       !is_in_call(&memory, (pid_t)header->tid, candidate->syscall, candidate->sp);
}

/* Another instance may be where its own was. */
static bool is_still_its(const struct engine *engine, const struct bp_candidate *candidate,
			 const struct loop *other)
{
	const struct bp_slot *slot = probe_slot(engine->probe, other->slot);
	const struct memory memory = state_memory(engine, (pid_t)candidate->header.tgid);

	return candidate->wait_class != BP_WAIT_EPOLL || slot->wait_class != BP_WAIT_EPOLL ||
	       epoll_is_same(&memory, (int)candidate->wait_id, other->id.pid, (int)slot->wait_id);
}

/* What nobody knows may serve the source of a loop that is known. */
static void recognise_by_source(struct engine *engine, const struct bp_candidate *candidate,
				struct recognised *recognised)
{
	const struct loop *other =
		sources_find(engine, candidate->source, (pid_t)candidate->header.tid);

	if (recognised->runtime || !other || !is_still_its(engine, candidate, other))
		return;
	recognised->runtime = other->runtime;
	recognised->way = WAY_SOURCE;
	recognised->wait_class = candidate->wait_class;
	recognised->wait_id = candidate->wait_id;
	recognised->against = NULL;
}

void recognise_candidate(struct engine *engine, const struct bp_candidate *candidate)
{
	struct watched *watched = watched_find(engine->watched, candidate->header.tgid);
	struct bp_slot *slot = probe_slot(engine->probe, candidate->header.slot);
	struct loop *loop = loops_at(engine->loops, candidate->header.slot);
	struct poll_core *core = NULL;
	struct recognised recognised;
	struct moment moment;

	if (!watched)
		return;
	watched_note_thread(watched, candidate->header.tid, candidate->pthread);
	if (bp_is_poll(candidate->wait_class))
		core = watched_core(watched, (pid_t)candidate->header.tid);
	if (core)
		poll_core_learn(core, candidate);
	if (core && loop && loop->runtime && slot->core_wanted && slot->wait_class) {
		learn_core(loop, slot, core);
		if (loop->doubt == DOUBT_HABIT && poll_core_is_sure(core, watched->pid))
			loop->doubt = DOUBT_NONE;
	}
	if (loop && loop->runtime && slot->wait_class && candidate->wait_class != BP_WAIT_FUTEX)
		return;
	if (watched_is_young(watched, candidate->header.time_ns)) {
		watched->due.put_off = true;
		return;
	}
	moment = moment_of(engine, watched, candidate->header.tid);
	moment.pthread = candidate->pthread;
	moment.comm = candidate->comm;
	moment.candidate = candidate;
	moment.core = core;
	recognise_thread(engine, watched, &moment, &recognised);
	if (recognised.runtime && has_moved(engine, candidate, recognised.way))
		recognised = (struct recognised){
			.against = "it had moved on before it was looked at",
		};
	recognise_by_source(engine, candidate, &recognised);
	account_thread(engine, watched, &moment, &recognised);
	if (recognised.runtime && slot && loop && slot->use == BP_SLOT_LOOP) {
		learn_wait(slot, &recognised, candidate);
		sources_join(engine, loop);
	} else if (recognised.runtime) {
		recognise_bind(engine, &moment, &recognised);
	}
	if (engine->recognise.again)
		recognise_all(engine);
}
