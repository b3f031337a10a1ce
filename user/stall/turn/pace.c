// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pace.c - what costs is on only while it is needed. The scheduler's events
 * show every wait that sleeps; a loop that has not slept in its wait for a part
 * of the threshold is either stalled or so busy that its waits do not sleep,
 * and only the return of a wait tells which.
 */
#include "stall/turn/pace.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/discard.h"

#define KEEP_NS	  NS_PER_SEC /* turning it on takes longer than keeping it a while */
#define AWAY_NS	  (10 * NS_PER_SEC)
#define BUSY_NS	  (10 * NS_PER_SEC) /* more time old than not, by this much: busy */
#define ROUND_NS  (10 * NS_PER_SEC) /* of which such loops are watched for: */
#define WINDOW_NS NS_PER_SEC

static bool is_old(const struct loop *loop, const struct bp_slot *slot, uint64_t old_ns,
		   uint64_t now_ns)
{
	if (slot->use != BP_SLOT_LOOP || slot->state == BP_WAITING || now_ns < slot->slept_ns ||
	    now_ns - slot->slept_ns < old_ns)
		return false;
	/* a thread that has left its loop, or has not come to its first wait, has no turn to watch */
	return slot->in_turn ? !slot->cut_ns && !turn_is_discarded(loop, slot->turn_seq)
			     : slot->wait_class && slot->state != BP_BLOCKED;
}

/* A block that lasts: its thread comes to no wait meanwhile, and its end is reported at once. */
static bool is_away(const struct bp_slot *slot, uint64_t now_ns)
{
	return slot->state == BP_BLOCKED && now_ns > slot->since_ns + AWAY_NS;
}

/* A turn of a loop that rests began with the block that it is in: that one is watched. */
static void vouch(struct loop *loop, struct bp_slot *slot, uint64_t old_ns, uint64_t now_ns)
{
	uint64_t seq = slot->turn_seq;

	if (slot->doubt != BP_DOUBT_ALL || slot->state != BP_BLOCKED || !slot->in_turn ||
	    slot->turn_start_ns != slot->since_ns || now_ns < slot->since_ns + old_ns)
		return;
	loop->pace.vouched_seq = seq;
	slot->doubt = BP_DOUBT_NONE;
}

/*
 * A loop that is old for most of the time is busy, rather than stalled again and
 * again. Where the whole system would pay for it, it is watched for a part of
 * the time only, the same for all of such loops; in between its blocks are.
 */
static bool may_rest(const struct engine *engine, const struct loop *loop,
		     const struct bp_slot *slot, uint64_t now_ns)
{
	return engine->options.whole_system && !probe_waits_always(engine->probe) &&
	       loop->pace.busy_ns >= BUSY_NS && now_ns % ROUND_NS >= WINDOW_NS &&
	       !(slot->in_turn && slot->turn_seq == loop->pace.vouched_seq);
}

/* Whether the costly probes are wanted for this loop. */
static bool is_needed(struct engine *engine, struct loop *loop, struct bp_slot *slot,
		      uint64_t passed_ns, uint64_t now_ns)
{
	if (!is_old(loop, slot, engine->old_ns, now_ns) || is_away(slot, now_ns)) {
		loop->pace.busy_ns -=
			passed_ns < loop->pace.busy_ns ? passed_ns : loop->pace.busy_ns;
		return false;
	}
	if (loop->pace.busy_ns < 2 * BUSY_NS)
		loop->pace.busy_ns += passed_ns;
	vouch(loop, slot, engine->old_ns, now_ns);
	return !may_rest(engine, loop, slot, now_ns);
}

/* What the kernel side is to think of turns of a loop that is old, now that the probes are on, or off. */
static void set_vouched(struct engine *engine, struct loop *loop, struct bp_slot *slot,
			uint64_t passed_ns, uint64_t now_ns)
{
	if (engine->pace.needed_ns) {
		if (slot->doubt == BP_DOUBT_ALL)
			slot->doubt = BP_DOUBT_TURN;
		return;
	}
	if (loop->pace.busy_ns < BUSY_NS || !is_old(loop, slot, engine->old_ns, now_ns) ||
	    is_away(slot, now_ns))
		return;
	slot->doubt = BP_DOUBT_ALL;
	engine->pace.rested_ns += passed_ns;
	engine->lost[LOSS_BUSY_MS_UNWATCHED] = engine->pace.rested_ns / NS_PER_MS;
}

void pace_want(struct engine *engine, uint64_t now_ns)
{
	if (!engine->pace.needed_ns) {
		probe_samples(engine->probe, true);
		probe_waits(engine->probe, true);
		/* it may have taken a while */
		now_ns = engine->pace.armed_ns = probe_now_ns();
	}
	engine->pace.needed_ns = now_ns;
}

void pace_set(struct engine *engine, uint64_t now_ns)
{
	uint64_t passed_ns = engine->pace.asked_ns && now_ns > engine->pace.asked_ns
				     ? now_ns - engine->pace.asked_ns
				     : 0;
	unsigned int old[BP_OLD_SLOTS];
	size_t nr = 0;

	engine->pace.asked_ns = now_ns;
	for_each_loop (engine->loops, loop)
		if (is_needed(engine, loop, probe_slot(engine->probe, loop->slot), passed_ns,
			      now_ns) &&
		    nr < BP_OLD_SLOTS)
			old[nr++] = loop->slot;
	probe_old_slots(engine->probe, old, nr);
	if (nr) {
		pace_want(engine, now_ns);
	} else if (engine->pace.needed_ns && now_ns - engine->pace.needed_ns > KEEP_NS) {
		probe_samples(engine->probe, false);
		probe_waits(engine->probe, false);
		engine->pace.needed_ns = 0;
	}
	if (!engine->options.whole_system || probe_waits_always(engine->probe))
		return;
	for_each_loop (engine->loops, loop)
		set_vouched(engine, loop, probe_slot(engine->probe, loop->slot), passed_ns, now_ns);
}

bool pace_is_on(const struct engine *engine)
{
	return engine->pace.needed_ns != 0;
}

uint64_t pace_on_since_ns(const struct engine *engine)
{
	return engine->pace.armed_ns;
}
