// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pace.c - what costs is on only while it is needed. The scheduler's events
 * show every wait that sleeps; a loop that has not slept in its wait for a part
 * of the threshold is either stalled or so busy that its waits do not sleep,
 * and only the return of a wait tells which.
 */
#include "stall/engine_private.h"

#define KEEP_NS 1000000000ull /* turning it on takes longer than keeping it a while */

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

void pace(struct engine *engine, uint64_t now_ns)
{
	unsigned int old[BP_OLD_SLOTS];
	size_t nr = 0;

	for (unsigned int i = 1; i <= probe_slots(engine->probe) && nr < BP_OLD_SLOTS; i++)
		if (engine->loops[i] &&
		    is_old(engine->loops[i], probe_slot(engine->probe, i), engine->part_ns, now_ns))
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
}
