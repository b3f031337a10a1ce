// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * again.c - when a thread whose turn was discarded is in a turn of a loop that began
 * since, or one that was bound is in a turn of which it was not known when it began.
 */
#include "stall/loops/again.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/loops/account.h"
#include "stall/loops/recognise.h"
#include "stall/state/loop.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/discard.h"

#define LOOK_EVERY_NS (100 * NS_PER_MS)
#define LOOKS	      8 /* at a thread that has shown no turn yet */

/*
 * It moved on between the look that recognised it and its getting a slot. Where it
 * hangs since then, no event shows that it is in a turn.
 */
static void look_for_first(struct engine *engine, struct loop *loop, const struct bp_slot *slot,
			   uint64_t now_ns)
{
	if (slot->turn_seq || slot->in_turn || !loop->runtime || slot->state == BP_WAITING ||
	    loop->again.looks >= LOOKS || now_ns < loop->again.next_ns)
		return;
	if (loop->again.next_ns) {
		loop->again.looks++;
		recognise_again(engine, loop->id.tid);
	}
	loop->again.next_ns = now_ns + LOOK_EVERY_NS;
}

void again_check(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t left_ns = slot->turn_start_ns;
	struct recognised recognised;
	struct moment moment;

	look_for_first(engine, loop, slot, now_ns);
	if (!slot->in_turn || !turn_is_discarded(loop, slot->turn_seq) || !watched ||
	    !loop->runtime || !loop->runtime->noted_start_ns || now_ns < loop->again.next_ns)
		return;
	loop->again.next_ns = now_ns + LOOK_EVERY_NS;
	moment = moment_of(engine, watched, loop->id.tid);
	recognise_thread(engine, watched, &moment, &recognised);
	account_thread(engine, watched, &moment, &recognised);
	if (!recognised.runtime || recognised.turn_start_ns <= left_ns)
		return;
	/* the kernel side takes up the turn that it is in, as that of a thread just bound */
	discard_ended(engine, loop, left_ns, recognised.turn_start_ns);
	slot->in_turn = 0;
	recognise_bind(engine, &moment, &recognised);
}
