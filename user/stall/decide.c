// SPDX-License-Identifier: GPL-2.0-or-later
/* decide.c - all reasons for which a turn over the threshold is not reported as it seems. */
#include "stall/decide.h"

#include <string.h>

#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/loops/handed_over.h"
#include "stall/loops/own_wait.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"
#include "stall/turn/discard.h"
#include "stall/turn/ledger.h"
#include "stall/turn/start.h"

static bool shows_end(const struct loop *loop)
{
	return loop->runtime && loop->runtime->frames_show_end;
}

/* Long enough for a stall, from its real start on, and still this thread's. */
static bool is_stall(struct engine *engine, struct loop *loop, uint64_t began_ns,
		     const struct ended_turn *turn)
{
	if (turn->end_ns > turn->start_ns &&
	    turn->end_ns - turn->start_ns >= engine->options.threshold_ns &&
	    !is_handed_over(engine, loop, began_ns))
		return true;
	collect_turn(loop, 0);
	return false;
}

/* -- a record of it -- */

/*
 * The record shows that the thread had left its loop by then. The turn's own ledger
 * has gone on: blocked is what the slices say, cpu at the most what is left.
 */
static void end_where_left(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct ended_turn turn = {
		.seq = record->turn_seq,
		.end_ns = collected_until_ns(loop, record->turn_seq),
		.ledger = {
			.blocked_ns = collected_blocked_ns(loop, record->turn_seq),
			.runqueue_ns = slot->turn.runqueue_ns,
			.throttled_ns = slot->turn.throttled_ns,
			.cpu_ns = slot->turn.cpu_ns,
		},
		.estimated = true,
		.delayed_events = -1,
	};

	if (turn.end_ns <= record->turn_start_ns)
		return;
	turn.start_ns = start_trim(loop, turn.seq, record->turn_start_ns, &turn.ledger);
	if (is_stall(engine, loop, record->turn_start_ns, &turn))
		report_ended(engine, loop, &turn);
}

bool decide_record(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	uint64_t seq = record->turn_seq;
	enum other_wait wait = own_wait_ask(engine, loop, &record->capture);

	if (wait == OTHER_WAIT_NONE)
		return !turn_is_discarded(loop, seq);
	if (wait == OTHER_WAIT_LEFT) {
		if (!turn_is_discarded(loop, seq) && shows_end(loop))
			end_where_left(engine, loop, record);
		/* the next loop on this thread is another object */
		probe_slot(engine->probe, loop->slot)->loop_object = 0;
	}
	discard_turn(loop, seq);
	return false;
}

/* -- it has ended -- */

/* But for futexes, which may have been parks, it would have been no stall. */
static bool may_be_parks(struct engine *engine, const struct loop *loop,
			 const struct bp_turn *record)
{
	return own_wait_may_be_park(engine, loop) && collected_is(loop, record->turn_seq) &&
	       record->end_ns - record->start_ns <
		       engine->options.threshold_ns + collected_locked_ns(loop, record->turn_seq);
}

/*
 * The thread ended, or its program: what an interpreter does to shut down is no
 * longer the loop's turn.
 */
static uint64_t end_of_loop_ns(const struct loop *loop, const struct bp_turn *record)
{
	uint64_t until_ns = collected_is(loop, record->turn_seq)
				    ? collected_until_ns(loop, record->turn_seq)
				    : record->start_ns;

	return until_ns < record->end_ns ? until_ns : record->end_ns;
}

bool decide_ended(struct engine *engine, struct loop *loop, const struct bp_turn *record,
		  struct ended_turn *turn)
{
	bool at_exit = record->delayed_events < 0 && shows_end(loop);

	if (turn_is_discarded(loop, record->turn_seq) || record->end_ns < record->start_ns)
		return false;
	if (!at_exit &&
	    (!start_is_sound(engine, loop, record) || may_be_parks(engine, loop, record))) {
		engine->lost[LOSS_TURNS_DOUBTFUL]++;
		return false;
	}
	*turn = (struct ended_turn){
		.seq = record->turn_seq,
		.end_ns = at_exit ? end_of_loop_ns(loop, record) : record->end_ns,
		.ledger = record->ledger,
		.delayed_events = record->delayed_events,
		.sums = record->sums,
		.runners = record->runners,
	};
	turn->start_ns = start_trim(loop, turn->seq, record->start_ns, &turn->ledger);
	turn->estimated = turn->start_ns != record->start_ns || record->delayed_events < 0;
	return is_stall(engine, loop, record->start_ns, turn);
}

/* -- it lasts -- */

/* Most loops are in no old turn: that is seen without a copy of all there is of them. */
static bool is_in_old_turn(struct engine *engine, const struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	return slot->in_turn && !slot->doubt &&
	       now_ns >= slot->turn_start_ns + engine->options.threshold_ns;
}

/* The block that it is in is none of a turn, or the thread is in no turn of this loop. */
static bool is_none_after_all(struct engine *engine, struct loop *loop,
			      const struct lasting_turn *turn)
{
	const struct bp_slot *slot = &turn->live->slot;
	const struct bp_capture *capture = &turn->live->slice.capture;
	bool blocked = slot->state == BP_BLOCKED;

	if (is_handed_over(engine, loop, turn->start_ns)) {
		discard_turn(loop, slot->turn_seq);
		return true;
	}
	if (blocked && capture->since_ns == slot->since_ns) {
		enum other_wait wait = own_wait_ask(engine, loop, capture);

		if (wait == OTHER_WAIT_LEFT)
			discard_turn(loop, slot->turn_seq);
		if (wait != OTHER_WAIT_NONE)
			return true;
	}
	if (blocked && capture->block.wait_class == BP_WAIT_FUTEX &&
	    own_wait_may_be_park(engine, loop))
		return true;
	if (!own_wait_handed_on(engine, loop, blocked ? &capture->block : NULL))
		return false;
	discard_turn(loop, slot->turn_seq);
	/* the next one begins when it waits as a worker again */
	probe_slot(engine->probe, loop->slot)->in_turn = 0;
	return true;
}

bool decide_lasting(struct engine *engine, struct loop *loop, uint64_t now_ns, bool at_end,
		    struct live *live, struct lasting_turn *turn)
{
	const struct bp_slot *slot = &live->slot;

	if (!is_in_old_turn(engine, loop, now_ns) || !live_read(engine, loop, live) ||
	    !slot->in_turn || slot->use != BP_SLOT_LOOP ||
	    turn_is_discarded(loop, slot->turn_seq) || now_ns <= slot->since_ns)
		return false;
	*turn = (struct lasting_turn){
		.live = live,
		.now_ns = now_ns,
		.ledger = ledger_until(slot, now_ns),
	};
	turn->start_ns = start_trim(loop, slot->turn_seq, slot->turn_start_ns, &turn->ledger);
	return now_ns > turn->start_ns && now_ns - turn->start_ns >= engine->options.threshold_ns &&
	       (at_end || report_is_due(loop, slot->turn_seq, now_ns)) &&
	       !is_none_after_all(engine, loop, turn);
}
