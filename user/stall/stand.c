// SPDX-License-Identifier: GPL-2.0-or-later
/* stand.c - what may be asked of a watch while it runs. */
#include "stall/stand.h"

#include <stdio.h>
#include <string.h>

#include "capture/namer.h"
#include "probe/probe.h"
#include "runtime/program.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "runtime/runtime.h"
#include "stall/engine.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/discard.h"
#include "stall/turn/ledger.h"

void stand_totals(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		  struct bp_ledger *turn, struct ledger *ledger, uint64_t *idle_ns)
{
	uint64_t waited_ns = loop->discard.idle_ns;
	uint64_t held_ns = loop->collected.by_cause_ns[CAUSE_THROTTLED];

	*turn = ledger_until(slot, now_ns);
	*idle_ns = slot->idle_ns;
	if (slot->state == BP_WAITING && now_ns > slot->since_ns)
		*idle_ns += now_ns - slot->since_ns;
	ledger->cpu_ns = slot->total.cpu_ns + turn->cpu_ns;
	ledger->runqueue_ns = slot->total.runqueue_ns + turn->runqueue_ns;
	ledger->throttled_ns = slot->total.throttled_ns + turn->throttled_ns;
	ledger->blocked_ns = slot->total.blocked_ns + turn->blocked_ns;
	ledger->unknown_ns = slot->total.unknown_ns + turn->unknown_ns;
	/* what turned out to be its own wait afterwards */
	if (waited_ns > ledger->blocked_ns)
		waited_ns = ledger->blocked_ns;
	ledger->blocked_ns -= waited_ns;
	*idle_ns += waited_ns;
	/* memory.high holds a thread back where it blocks */
	if (held_ns > ledger->blocked_ns)
		held_ns = ledger->blocked_ns;
	ledger->blocked_ns -= held_ns;
	ledger->throttled_ns += held_ns;
}

/* Longer turns are counted as they are reported. */
uint64_t stand_hist(const struct loop *loop, const struct bp_slot *slot,
		    unsigned int hist[HIST_BUCKETS], unsigned int over[LENGTH_BOUNDS])
{
	const struct loop_reports *reports = &loop->reports;
	uint64_t longest_ns = slot->longest_ns;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		hist[i] = slot->hist[i] + reports->hist[i];
	/* the kernel side counts these there only */
	for (unsigned int i = 0; i < LENGTH_BOUNDS; i++) {
		unsigned int longer = slot->hist_over[i];

		hist[hist_bucket(length_upper_ns(i))] += longer;
		over[i] = longer + reports->over[i];
	}
	if (loop->second.longest_ns > longest_ns)
		longest_ns = loop->second.longest_ns;
	return reports->longest_ns > longest_ns ? reports->longest_ns : longest_ns;
}

/* The time of a block that has ended, or lasts, and whose slice has not come yet. */
static uint64_t block_until(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns)
{
	if (slot->pending)
		return slot->pending_ns;
	if (slot->state == BP_BLOCKED && slot->since_ns == loop->current.since_ns &&
	    now_ns > slot->since_ns)
		return now_ns - slot->since_ns;
	return 0;
}

void stand_of_loop(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct engine_loop *out)
{
	bool in_turn = slot->in_turn && !turn_is_discarded(loop, slot->turn_seq);
	struct bp_ledger turn;

	memset(out, 0, sizeof(*out));
	out->id = &loop->id;
	out->number = loop->number;
	out->now_ns = now_ns;
	out->turns = slot->turns;
	stand_totals(loop, slot, now_ns, &turn, &out->ledger, &out->idle_ns);
	out->wall_ns = out->idle_ns + ledger_sum(&out->ledger);
	memcpy(out->blocked_ns, loop->collected.by_cause_ns, sizeof(out->blocked_ns));
	out->longest_ns = stand_hist(loop, slot, out->hist, out->over);
	if (!in_turn)
		return;
	out->turn_seq = loop_turn(loop, slot->turn_seq);
	out->turn = (struct ledger){ turn.cpu_ns, turn.runqueue_ns, turn.throttled_ns,
				     turn.blocked_ns, turn.unknown_ns };
	if (loop->current.since_ns)
		out->blocked_ns[loop->current.slice.cause] += block_until(loop, slot, now_ns);
}

void engine_each_loop(struct engine *engine, engine_loop_fn *fn, void *context)
{
	struct engine_loop now;

	for_each_loop (engine->loops, loop) {
		if (!loop->runtime)
			continue;
		stand_of_loop(loop, probe_slot(engine->probe, loop->slot), probe_now_ns(), &now);
		fn(context, &now);
	}
}

int64_t engine_tasks(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);
	uint64_t nr;

	if (!watched || !watched_python(watched) ||
	    python_tasks_count(watched_python(watched), &nr))
		return -1;
	return (int64_t)nr;
}

/* -- for "watching ..." -- */

unsigned int engine_loops(struct engine *engine, pid_t pid)
{
	unsigned int nr = 0;

	for_each_loop (engine->loops, loop)
		nr += loop->runtime && (!pid || loop->id.pid == pid);
	return nr;
}

const char *engine_runtime(struct engine *engine, pid_t pid)
{
	for_each_loop (engine->loops, loop)
		if (loop->runtime && loop->id.pid == pid)
			return loop->runtime->name;
	return NULL;
}

const char *engine_interpreter(struct engine *engine, pid_t pid, char *buf, size_t size)
{
	struct watched *watched = watched_find(engine->watched, pid);

	if (!watched || !watched->interpreter.python)
		return NULL;
	snprintf(buf, size, "%s %s", python_implementation(watched->interpreter.python),
		 python_version(watched->interpreter.python));
	return buf;
}

const char *engine_unread(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);
	const struct runtime *runtime = watched ? runtime_unread(watched->program.program) : NULL;

	for_each_loop (engine->loops, loop)
		if (!runtime && loop->id.pid == pid && loop->runtime && loop->runtime->unread &&
		    !watched_python(watched))
			runtime = loop->runtime;
	if (!runtime || (runtime->runs_javascript && namer_v8(engine->namer, pid, NULL)))
		return NULL;
	return runtime->unread;
}

bool engine_has_mapped(struct engine *engine, pid_t pid, const char *library)
{
	struct watched *watched = watched_find(engine->watched, pid);

	return watched && program_library(watched->program.program, library);
}

size_t engine_processes(const struct engine *engine)
{
	return watched_count(engine->watched);
}

uint64_t engine_started_ns(const struct engine *engine)
{
	return engine->started_ns;
}
