// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * impact.c - what is known of those that wait for a turn: what its loop had still
 * to do while it lasted, and what had become ready by its end.
 */
#include "stall/turn/impact.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/model.h"
#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/discard.h"
#include "stall/turn/report.h"

#define COST_TIMES 200 /* a part of the time, at most, goes by for turns that may not be long */

struct impact_notes {
	uint64_t looked_seq; /* the turn that backlog is of */
	bool late; /* it was looked at about when that passed the threshold */
	struct loop_backlog backlog;
	uint64_t kept_seq; /* the turn that impact is of */
	struct impact impact;
};

static struct impact_notes *notes_of(struct loop *loop)
{
	if (!loop->impact)
		loop->impact = calloc(1, sizeof(*loop->impact));
	return loop->impact;
}

/*
 * It is looked at once in a turn that is old, before names are looked up that may take
 * longer than the turn, if that is affordable; in any case at the last tick before the
 * threshold, or after that; and when the turn is reported again.
 */
static bool is_due(const struct engine *engine, const struct loop *loop, uint64_t seq,
		   uint64_t age_ns, uint64_t now_ns)
{
	bool is_late = age_ns + engine->old_ns >= engine->options.threshold_ns;

	if (!loop->impact || loop->impact->looked_seq != seq)
		return is_late ||
		       (age_ns >= engine->old_ns && now_ns >= engine->impact.paid_until_ns);
	if (is_late && !loop->impact->late)
		return true;
	return age_ns >= engine->options.threshold_ns && report_is_due(loop, seq, now_ns);
}

/* What the loop has still to do. What was seen last stands where that is not known now, or the turn is over. */
static void look(struct engine *engine, struct loop *loop, uint64_t seq, uint64_t age_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct loop_backlog backlog = { .ready = -1 };
	struct impact_notes *notes = notes_of(loop);
	struct moment moment;
	int err;

	if (!watched || !notes)
		return;
	moment = moment_of(engine, watched, loop->id.tid);
	err = loop->runtime->backlog(&moment, slot->loop_object, &backlog);
	if (err || slot->turn_seq != seq || !slot->in_turn) {
		if (notes->looked_seq == seq)
			return;
		/* nor is it asked again */
		backlog = (struct loop_backlog){ .ready = -1 };
	}
	notes->looked_seq = seq;
	notes->late = age_ns + engine->old_ns >= engine->options.threshold_ns;
	notes->backlog = backlog;
}

void impact_look(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t seq = slot->turn_seq, start_ns = slot->turn_start_ns, spent_ns;

	if (!slot->in_turn || slot->doubt || slot->use != BP_SLOT_LOOP || now_ns < start_ns ||
	    !loop->runtime || !loop->runtime->backlog || turn_is_discarded(loop, seq) ||
	    !is_due(engine, loop, seq, now_ns - start_ns, now_ns))
		return;
	spent_ns = clock_spent_ns();
	look(engine, loop, seq, now_ns - start_ns);
	engine->impact.paid_until_ns = now_ns + (clock_spent_ns() - spent_ns) * COST_TIMES;
}

void impact_keep(struct loop *loop, uint64_t seq, const struct impact *impact)
{
	struct impact_notes *notes = notes_of(loop);

	if (!notes)
		return;
	notes->kept_seq = seq;
	notes->impact = *impact;
}

static int64_t due_by(const struct loop_backlog *backlog, uint64_t end_ns)
{
	int64_t nr = 0;

	for (size_t i = 0; i < backlog->nr_due; i++)
		nr += backlog->due_ns[i] < end_ns;
	return nr;
}

void impact_take(struct loop *loop, uint64_t seq, struct stall_record *record)
{
	const struct impact_notes *notes = loop->impact;
	struct impact *impact = &record->impact;

	*impact = impact_none();
	if (notes && notes->kept_seq == seq)
		*impact = notes->impact;
	else if (record->delayed_events > 0)
		impact->events = (uint64_t)record->delayed_events;
	if (!notes || notes->looked_seq != seq)
		return;
	impact->tasks_ready = notes->backlog.ready;
	/* those that the kernel showed are among its events */
	if (notes->backlog.has_timers)
		impact->timers_late =
			(impact->timers_late > 0 ? impact->timers_late : 0) +
			due_by(&notes->backlog, record->mono_ns + record->duration_ns);
}
