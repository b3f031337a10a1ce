// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handed_over.c - a loop that is not its thread's alone, or no longer: another thread,
 * also one that has never moved since the watch began, waits at its epoll instance, or
 * that was closed. Asked when a turn would be a stall.
 */
#include "stall/loops/handed_over.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "probe/probe.h"
#include "proc/epoll.h"
#include "proc/process.h"
#include "runtime/runtime.h"
#include "stall/loops/looks.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"

#define GONE_TIMES 2 /* turns in which it was closed, after which it is no loop */

/* Another thread has waited at the source all along, as was seen since it got its slot. */
static bool was_served(const struct engine *engine, const struct loop *loop, uint64_t since_ns)
{
	const struct bp_slot *own = probe_slot(engine->probe, loop->slot);

	for_each_loop (engine->loops, other) {
		const struct bp_slot *slot = probe_slot(engine->probe, other->slot);

		if (other == loop || !other->runtime || !own->source || slot->source != own->source)
			continue;
		if (slot->state == BP_WAITING && slot->since_ns <= since_ns)
			return true;
		/* nobody saw whether it served before it had a slot */
		if (slot->bound_ns > since_ns)
			return true;
	}
	return false;
}

/* The descriptor stands for something else now, or for nothing, while the process goes on. */
static bool is_closed(pid_t pid, uint64_t fd)
{
	__freeing char *cwd = process_cwd(pid);

	return cwd && !epoll_is(pid, (int)fd);
}

bool is_handed_over(struct engine *engine, struct loop *loop, uint64_t since_ns, bool lasts)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!loop->runtime || loop->runtime->own_queues || slot->wait_class != BP_WAIT_EPOLL)
		return false;
	/* a turn that is over may have been cut by whoever waits now: of those with slots that was seen */
	return was_served(engine, loop, since_ns) ||
	       ((lasts || !slot->cell) && look_others_wait(engine, loop, since_ns));
}

static bool is_by_habit(const struct loop *loop, const struct bp_slot *slot)
{
	return loop->runtime && loop->runtime->by_habit && slot->wait_class == BP_WAIT_EPOLL;
}

/*
 * What /proc shows counts if the loop was in one turn all the while: the next one's
 * instance may have the same number.
 */
static bool is_seen_closed(const struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t seq = slot->turn_seq;
	bool out = slot->in_turn && slot->state != BP_WAITING;
	bool closed = is_closed(loop->id.pid, slot->wait_id);

	if (!closed) {
		loop->source.lives |= out && slot->in_turn && slot->turn_seq == seq;
		return false;
	}
	if (loop->source.gone_seq != seq)
		loop->source.gone++;
	loop->source.gone_seq = seq;
	return true;
}

bool is_source_gone(const struct engine *engine, struct loop *loop, const struct source_span *span)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t closed_ns;

	if (!is_by_habit(loop, slot))
		return false;
	if (span->closed_ns)
		return true;
	if (probe_shows_closed(engine->probe)) {
		closed_ns = probe_source_closed_ns(engine->probe, span->source);
		return closed_ns > span->start_ns && closed_ns <= span->end_ns;
	}
	return loop->source.gone >= GONE_TIMES || is_seen_closed(engine, loop);
}

void source_look(const struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!probe_shows_closed(engine->probe) && is_by_habit(loop, slot) && !loop->source.lives &&
	    loop->source.gone < GONE_TIMES && slot->in_turn && slot->state != BP_WAITING)
		is_seen_closed(engine, loop);
}
