// SPDX-License-Identifier: GPL-2.0-or-later
/* decide.c - all reasons for which a turn over the threshold is not reported as it seems. */
#include "stall/decide.h"

#include <string.h>

#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/loops/handed_over.h"
#include "stall/loops/own_wait.h"
#include "stall/loops/request_worker.h"
#include "stall/loops/shared.h"
#include "stall/loops/sources.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"
#include "stall/turn/discard.h"
#include "stall/turn/ledger.h"
#include "stall/turn/start.h"

static bool shows_end(const struct loop *loop)
{
	return loop->runtime && loop->runtime->frames_show_end;
}

static bool is_long(const struct engine *engine, uint64_t start_ns, uint64_t end_ns)
{
	return end_ns > start_ns && end_ns - start_ns >= engine->options.threshold_ns;
}

/* The turn, which began at began_ns and ended, is not reported. */
static bool discard(struct engine *engine, struct loop *loop, const struct ended_turn *turn,
		    enum discard reason, uint64_t ns)
{
	collect_turn(loop, 0);
	discard_count(engine, loop, turn->seq, reason, ns);
	return false;
}

/* Of a stall that is about to be reported. vouched: its waits were seen, also those that did not sleep. */
static enum doubt doubt_of(struct engine *engine, struct loop *loop, bool vouched)
{
	if (loop->doubt)
		return loop->doubt;
	if (is_shared(engine, loop))
		return DOUBT_SHARED;
	return vouched && sources_are_seen(engine, loop) ? DOUBT_NONE : DOUBT_UNVOUCHED;
}

/* -- a record of it -- */

/*
 * The turn that began at start_ns had ended at end_ns, before what is seen now. Its own
 * ledger has gone on: blocked is what the slices say, cpu at the most what is left.
 * Whether that was a stall, and is reported.
 */
static bool end_before(struct engine *engine, struct loop *loop, uint64_t seq, uint64_t start_ns,
		       uint64_t end_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct ended_turn turn = {
		.seq = seq,
		.end_ns = end_ns,
		.ledger = {
			.blocked_ns = collected_blocked_ns(loop, seq),
			.runqueue_ns = slot->turn.runqueue_ns,
			.throttled_ns = slot->turn.throttled_ns,
			.cpu_ns = slot->turn.cpu_ns,
		},
		.estimated = true,
		.delayed_events = -1,
	};

	if (turn.end_ns <= start_ns)
		return false;
	turn.start_ns = start_trim(loop, turn.seq, start_ns, &turn.ledger);
	if (!is_long(engine, turn.start_ns, turn.end_ns))
		return false;
	turn.doubt = doubt_of(engine, loop, true);
	report_ended(engine, loop, &turn);
	return true;
}

/* The thread had left its loop: the turn ended with what came before. */
static void end_where_left(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	uint64_t seq = record->turn_seq;

	if (shows_end(loop) &&
	    end_before(engine, loop, seq, record->turn_start_ns, collected_until_ns(loop, seq)))
		discard_rest(engine, loop, seq);
	else
		discard_turn(engine, loop, seq, DISCARD_LEFT);
}

/* The loop's source was closed in the turn, which ended with what came before that. */
static void end_where_closed(struct engine *engine, struct loop *loop, uint64_t seq,
			     uint64_t start_ns)
{
	if (turn_is_discarded(loop, seq))
		return;
	if (end_before(engine, loop, seq, start_ns, collected_until_ns(loop, seq)))
		discard_rest(engine, loop, seq);
	else
		discard_turn(engine, loop, seq, DISCARD_HANDED_OVER);
}

/* The block was the loop's own wait: one turn ended with it, and another one began. */
static void end_with_wait(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	if (record->count == 1 && !turn_is_discarded(loop, record->turn_seq) &&
	    !is_handed_over(engine, loop, record->turn_start_ns, false))
		end_before(engine, loop, record->turn_seq, record->turn_start_ns,
			   record->capture.since_ns);
	discard_turn(engine, loop, record->turn_seq, DISCARD_OWN_WAIT);
	discard_until(loop, record->capture.since_ns + record->ns);
	loop->discard.idle_ns += record->ns;
}

bool decide_record(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	uint64_t seq = record->turn_seq;
	enum other_wait wait = own_wait_ask(engine, loop, &record->capture);

	if (wait == OTHER_WAIT_NONE)
		return !turn_is_discarded(loop, seq);
	if (wait != OTHER_WAIT_LEFT) {
		end_with_wait(engine, loop, record);
		return false;
	}
	if (!turn_is_discarded(loop, seq))
		end_where_left(engine, loop, record);
	/* the next loop on this thread is another object */
	probe_slot(engine->probe, loop->slot)->loop_object = 0;
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

/*
 * For most of it the thread waited for another loop's thread of the same process, which was
 * in a turn meanwhile and then ended that: the helper of a loop that is embedded. The stall
 * is that loop's. Of a loop that was idle until then it is no stall.
 */
static bool is_proxy(struct engine *engine, const struct loop *loop, const struct bp_turn *record)
{
	struct party waker;

	if (!loop->runtime || !loop->runtime->by_habit ||
	    collected_main_waker(loop, record->turn_seq, (record->end_ns - record->start_ns) / 2,
				 &waker))
		return false;
	if (waker.pid != loop->id.pid || waker.tid == loop->id.tid || !waker.in_turn)
		return false;
	return loops_find(engine->loops, waker.tid) != NULL;
}

/*
 * Most of it was blocked in what was not seen, as a switch was hidden or a record lost: whether
 * the thread was in its loop then, which the frames of a block show, is not known.
 */
static bool is_unseen(const struct loop *loop, const struct bp_turn *record)
{
	uint64_t seen_ns = collected_blocked_ns(loop, record->turn_seq);

	for (int i = 0; i < BP_SUMS; i++)
		seen_ns += record->sums[i].ns;
	return shows_end(loop) && record->ledger.blocked_ns > seen_ns &&
	       record->ledger.blocked_ns - seen_ns > (record->end_ns - record->start_ns) / 2;
}

bool decide_ended(struct engine *engine, struct loop *loop, const struct bp_turn *record,
		  struct ended_turn *turn)
{
	bool at_exit = record->delayed_events < 0 && shows_end(loop), sound, parks;
	uint64_t ns = record->end_ns - record->start_ns;

	if (record->end_ns < record->start_ns)
		return false;
	if (turn_is_discarded(loop, record->turn_seq)) {
		discard_ended(engine, loop, record->start_ns, record->end_ns);
		return false;
	}
	sound = at_exit || start_is_sound(engine, loop, record);
	parks = !at_exit && may_be_parks(engine, loop, record);
	*turn = (struct ended_turn){
		.seq = record->turn_seq,
		.end_ns = at_exit ? end_of_loop_ns(loop, record) : record->end_ns,
		.ledger = record->ledger,
		.delayed_events = record->delayed_events,
		.nested_since_ns = record->nested_since_ns,
		.sums = record->sums,
		.runners = record->runners,
	};
	turn->start_ns = start_trim(loop, turn->seq, record->start_ns, &turn->ledger);
	turn->estimated = turn->start_ns != record->start_ns || record->delayed_events < 0;
	if (parks) {
		engine->lost[LOSS_TURNS_DOUBTFUL]++;
		return discard(engine, loop, turn, DISCARD_PARKS, ns);
	}
	if (is_handed_over(engine, loop, record->start_ns, false))
		return discard(engine, loop, turn, DISCARD_HANDED_OVER, ns);
	if (is_source_gone(engine, loop,
			   &(struct source_span){ record->source, record->closed_ns,
						  record->start_ns, record->end_ns })) {
		end_where_closed(engine, loop, turn->seq, record->start_ns);
		discard_ended(engine, loop, record->start_ns, record->end_ns);
		return false;
	}
	if (is_proxy(engine, loop, record))
		return discard(engine, loop, turn, DISCARD_PROXY, ns);
	if (is_request_worker(loop))
		return discard(engine, loop, turn, DISCARD_REQUEST, ns);
	if (is_long(engine, turn->start_ns, turn->end_ns)) {
		request_worker_weigh(engine, loop, probe_now_ns());
		turn->doubt = doubt_of(engine, loop, sound && !is_unseen(loop, record));
		return true;
	}
	if (at_exit)
		return discard(engine, loop, turn, DISCARD_GONE, ns);
	/* the loop says that its turn began later: what was before are others, which were not seen */
	return discard(engine, loop, turn, DISCARD_UNVOUCHED, turn->start_ns - record->start_ns);
}

/* -- it lasts -- */

static struct source_span span_lasting(const struct bp_slot *slot)
{
	return (struct source_span){
		.source = slot->source,
		.closed_ns = slot->closed_seq == slot->turn_seq ? slot->closed_ns : 0,
		.start_ns = slot->turn_start_ns,
		.end_ns = SPAN_LASTS,
	};
}

/* Most loops are in no old turn: that is seen without a copy of all there is of them. */
static bool is_in_old_turn(struct engine *engine, const struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	return slot->in_turn && !slot->doubt &&
	       ledger_end_ns(slot, now_ns) >= slot->turn_start_ns + engine->options.threshold_ns;
}

/* The block that it is in is the loop's own wait, which the kernel side sees at the wakeup. */
static void end_in_wait(struct engine *engine, struct loop *loop, const struct lasting_turn *turn)
{
	const struct bp_slot *slot = &turn->live->slot;
	struct ended_turn ended = {
		.seq = slot->turn_seq,
		.end_ns = slot->since_ns,
		.ledger = slot->turn,
		.estimated = true,
		.delayed_events = -1,
	};

	ended.start_ns = start_trim(loop, ended.seq, slot->turn_start_ns, &ended.ledger);
	if (is_long(engine, ended.start_ns, ended.end_ns)) {
		ended.doubt = doubt_of(engine, loop, true);
		report_ended(engine, loop, &ended);
		discard_rest(engine, loop, ended.seq);
	} else {
		report_withdraw(engine, loop, ended.seq, DISCARD_OWN_WAIT);
	}
}

/* The block that it is in is none of a turn, or the thread is in no turn of this loop. */
static bool is_none_after_all(struct engine *engine, struct loop *loop,
			      const struct lasting_turn *turn)
{
	const struct bp_slot *slot = &turn->live->slot;
	const struct bp_capture *capture = &turn->live->slice.capture;
	const struct source_span span = span_lasting(slot);
	bool blocked = slot->state == BP_BLOCKED;

	if (is_handed_over(engine, loop, turn->start_ns, true)) {
		/* not as long as it was reported: what had come of it by then was a stall */
		if (report_has_begun(loop, slot->turn_seq))
			end_where_closed(engine, loop, slot->turn_seq, slot->turn_start_ns);
		else
			discard_turn(engine, loop, slot->turn_seq, DISCARD_HANDED_OVER);
		return true;
	}
	if (is_source_gone(engine, loop, &span)) {
		end_where_closed(engine, loop, slot->turn_seq, slot->turn_start_ns);
		return true;
	}
	if (request_worker_ask(engine, loop)) {
		discard_turn(engine, loop, slot->turn_seq, DISCARD_REQUEST);
		return true;
	}
	if (blocked && capture->since_ns == slot->since_ns) {
		enum other_wait wait = own_wait_ask(engine, loop, capture);

		if (wait == OTHER_WAIT_LEFT)
			discard_turn(engine, loop, slot->turn_seq, DISCARD_LEFT);
		else if (wait != OTHER_WAIT_NONE)
			end_in_wait(engine, loop, turn);
		if (wait != OTHER_WAIT_NONE)
			return true;
	}
	if (blocked && capture->block.wait_class == BP_WAIT_FUTEX &&
	    own_wait_may_be_park(engine, loop))
		return true;
	if (!own_wait_handed_on(engine, loop, blocked ? &capture->block : NULL))
		return false;
	discard_turn(engine, loop, slot->turn_seq, DISCARD_HANDED_ON);
	discard_ended(engine, loop, slot->turn_start_ns, turn->now_ns);
	/* the next one begins when it waits as a worker again */
	probe_slot(engine->probe, loop->slot)->in_turn = 0;
	return true;
}

/* As if the turn ended now. at_end: the watch does. Whether it is reported. */
static bool decide_until_now(struct engine *engine, struct loop *loop, struct lasting_turn *turn,
			     bool at_end)
{
	const struct bp_slot *slot = &turn->live->slot;
	const struct bp_turn ended = {
		.turn_seq = slot->turn_seq,
		.start_ns = slot->turn_start_ns,
		.end_ns = turn->now_ns,
	};
	bool blocked_long =
		slot->state == BP_BLOCKED && is_long(engine, slot->since_ns, turn->now_ns);

	if (at_end && may_be_parks(engine, loop, &ended)) {
		discard_turn(engine, loop, slot->turn_seq, DISCARD_PARKS);
		return false;
	}
	turn->doubt = doubt_of(engine, loop, blocked_long || start_is_sound(engine, loop, &ended));
	return true;
}

/*
 * Between two reports of a turn that lasts: its source was closed, or is another's now.
 * Of loops that are known by nothing else.
 */
static bool is_over_meanwhile(struct engine *engine, struct loop *loop, const struct bp_slot *slot)
{
	const struct source_span span = span_lasting(slot);

	if (!loop->runtime || !loop->runtime->by_habit || !report_has_begun(loop, slot->turn_seq) ||
	    (!is_source_gone(engine, loop, &span) &&
	     !is_handed_over(engine, loop, slot->turn_start_ns, true)))
		return false;
	end_where_closed(engine, loop, slot->turn_seq, slot->turn_start_ns);
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
	/* over, as another thread serves the source: its record comes as soon as this one moves */
	if ((slot->cut_ns && !at_end) || is_over_meanwhile(engine, loop, slot))
		return false;
	now_ns = ledger_end_ns(slot, now_ns);
	*turn = (struct lasting_turn){
		.live = live,
		.now_ns = now_ns,
		.ledger = ledger_until(slot, now_ns),
	};
	turn->start_ns = start_trim(loop, slot->turn_seq, slot->turn_start_ns, &turn->ledger);
	if (!is_long(engine, turn->start_ns, now_ns) ||
	    (!at_end && !report_is_due(loop, slot->turn_seq, now_ns)) ||
	    is_none_after_all(engine, loop, turn))
		return false;
	return decide_until_now(engine, loop, turn, at_end);
}
