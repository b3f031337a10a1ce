// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pace.c - what costs is on only while it is needed. The scheduler's events
 * show every wait that sleeps; a loop that has not slept in its wait for a part
 * of the threshold is either stalled or so busy that its waits do not sleep,
 * and only the return of a wait tells which.
 */
#include "stall/engine_private.h"

#define KEEP_NS	  1000000000ull /* turning it on takes longer than keeping it a while */
#define AWAY_NS	  10000000000ull
#define BUSY_NS	  10000000000ull /* more time old than not, by this much: busy */
#define ROUND_NS  10000000000ull /* of which such loops are watched for: */
#define WINDOW_NS 1000000000ull

static bool is_old(const struct loop *loop, const struct bp_slot *slot, uint64_t part_ns,
		   uint64_t now_ns)
{
	if (slot->use != BP_SLOT_LOOP || slot->state == BP_WAITING || now_ns < slot->slept_ns ||
	    now_ns - slot->slept_ns < part_ns)
		return false;
	/* a thread that has left its loop, or has not come to its first wait, has no turn to watch */
	return slot->in_turn ? slot->turn_seq != loop->void_seq
			     : slot->wait_class && slot->state != BP_BLOCKED;
}

/* A block that lasts: its thread comes to no wait meanwhile, and its end is told of at once. */
static bool is_away(const struct bp_slot *slot, uint64_t now_ns)
{
	return slot->state == BP_BLOCKED && now_ns > slot->since_ns + AWAY_NS;
}

/* A turn of a loop that rests began with the block that it is in: that one is watched. */
static void vouch(struct loop *loop, struct bp_slot *slot, uint64_t part_ns, uint64_t now_ns)
{
	uint64_t seq = slot->turn_seq;

	if (slot->unvouched != BP_UNVOUCHED || slot->state != BP_BLOCKED || !slot->in_turn ||
	    slot->turn_start_ns != slot->since_ns || now_ns < slot->since_ns + part_ns)
		return;
	loop->vouched_seq = seq;
	slot->unvouched = BP_VOUCHED;
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
	       loop->busy_ns >= BUSY_NS && now_ns % ROUND_NS >= WINDOW_NS &&
	       !(slot->in_turn && slot->turn_seq == loop->vouched_seq);
}

/* Whether the costly probes are wanted for this loop. */
static bool is_needed(struct engine *engine, struct loop *loop, struct bp_slot *slot,
		      uint64_t passed_ns, uint64_t now_ns)
{
	if (!is_old(loop, slot, engine->part_ns, now_ns) || is_away(slot, now_ns)) {
		loop->busy_ns -= passed_ns < loop->busy_ns ? passed_ns : loop->busy_ns;
		return false;
	}
	if (loop->busy_ns < 2 * BUSY_NS)
		loop->busy_ns += passed_ns;
	vouch(loop, slot, engine->part_ns, now_ns);
	return !may_rest(engine, loop, slot, now_ns);
}

/* What the kernel side is to think of turns of a loop that is old, now that the probes are on, or off. */
static void set_vouched(struct engine *engine, struct loop *loop, struct bp_slot *slot,
			uint64_t passed_ns, uint64_t now_ns)
{
	if (engine->needed_ns) {
		if (slot->unvouched == BP_UNVOUCHED)
			slot->unvouched = BP_UNVOUCHED_TURN;
		return;
	}
	if (loop->busy_ns < BUSY_NS || !is_old(loop, slot, engine->part_ns, now_ns) ||
	    is_away(slot, now_ns))
		return;
	slot->unvouched = BP_UNVOUCHED;
	engine->rested_ns += passed_ns;
}

void pace(struct engine *engine, uint64_t now_ns)
{
	uint64_t passed_ns =
		engine->paced_ns && now_ns > engine->paced_ns ? now_ns - engine->paced_ns : 0;
	unsigned int old[BP_OLD_SLOTS];
	size_t nr = 0;

	engine->paced_ns = now_ns;
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++)
		if (engine->loops[i] &&
		    is_needed(engine, engine->loops[i], probe_slot(engine->probe, i), passed_ns,
			      now_ns) &&
		    nr < BP_OLD_SLOTS)
			old[nr++] = i;
	probe_old_slots(engine->probe, old, nr);
	if (nr) {
		if (!engine->needed_ns) {
			probe_samples(engine->probe, true);
			probe_waits(engine->probe, true);
			/* it may have taken a while */
			now_ns = engine->armed_ns = probe_now_ns();
		}
		engine->needed_ns = now_ns;
	} else if (engine->needed_ns && now_ns - engine->needed_ns > KEEP_NS) {
		probe_samples(engine->probe, false);
		probe_waits(engine->probe, false);
		engine->needed_ns = 0;
	}
	if (!engine->options.whole_system || probe_waits_always(engine->probe))
		return;
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++)
		if (engine->loops[i])
			set_vouched(engine, engine->loops[i], probe_slot(engine->probe, i),
				    passed_ns, now_ns);
}
