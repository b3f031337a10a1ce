// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/turn/start.h"

#include "runtime/python/python.h"

/* Between a wait's return and the loop's own note of it there is less cpu time than this. */
#define NOTE_NS 2000000ull

static bool has_waited_for_gil(const struct bp_slot *slot)
{
	for (int i = 0; i < BP_SUMS; i++)
		if (slot->sums[i].flags & BP_BLOCK_GIL && slot->sums[i].ns)
			return true;
	return false;
}

void start_check(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct python_loop noted = { .epoll_fd = -1 };
	uint64_t seq = slot->turn_seq, start_ns = slot->turn_start_ns, ran_ns = slot->turn_ran_ns;
	uint64_t blocked_ns;

	if (!slot->in_turn || slot->state == BP_WAITING || loop->start.seq == seq || !ran_ns ||
	    now_ns < start_ns || now_ns - start_ns < engine->part_ns)
		return;
	if (!watched || !watched->python || watched->unreadable ||
	    python_thread_loop(watched->python, watched_pthread(watched, loop->id.tid), &noted) < 0)
		return;
	if (!noted.turn_start_ns || noted.run_onces != 1 || slot->turn_seq != seq)
		return;
	loop->start.seq = seq;
	loop->start.ns = 0;
	loop->start.ran_ns = ran_ns;
	/* what the target says is not believed where it cannot be */
	if (noted.turn_start_ns <= ran_ns || noted.turn_start_ns > probe_now_ns() ||
	    has_waited_for_gil(slot))
		return;
	/* slices that reach into what is left cannot be told from those that do not: leave it */
	if (loop->turn_seq == seq && loop->turn.nr && loop->last_ns >= noted.turn_start_ns)
		return;
	blocked_ns = loop->turn_seq == seq ? loop_blocked(loop) : 0;
	if (noted.turn_start_ns - ran_ns <= blocked_ns + NOTE_NS)
		return;
	loop->start.ns = noted.turn_start_ns;
	loop->start.blocked_ns = blocked_ns;
	if (loop->turn_seq == seq)
		loop_pass(loop);
}

bool start_is_sound(const struct engine *engine, const struct loop *loop,
		    const struct bp_turn *turn)
{
	uint64_t threshold_ns = engine->options.threshold_ns, unseen_ns;

	if (probe_waits_always(engine->probe) || loop->start.seq == turn->turn_seq ||
	    engine->armed_ns <= turn->start_ns)
		return true;
	if (turn->end_ns > engine->armed_ns && turn->end_ns - engine->armed_ns >= threshold_ns)
		return true;
	/* one block this long was within one turn */
	for (size_t i = 0; loop->turn_seq == turn->turn_seq && i < loop->turn.nr; i++)
		if (loop->turn.v[i].max_ns >= threshold_ns)
			return true;
	/* a loop that cannot be asked is believed, but for what the switching on took unduly long */
	unseen_ns = (turn->end_ns < engine->armed_ns ? turn->end_ns : engine->armed_ns) -
		    turn->start_ns;
	return !recognise_notes_start(loop) && unseen_ns < threshold_ns / 2;
}

static void take(unsigned long long *part, uint64_t ns)
{
	*part -= ns < *part ? ns : *part;
}

uint64_t start_trim(const struct loop *loop, uint64_t seq, uint64_t start_ns,
		    struct bp_ledger *ledger)
{
	const struct turn_start *start = &loop->start;

	if (start->seq != seq || start->ns <= start_ns)
		return start_ns;
	take(&ledger->runqueue_ns, start->ran_ns - start_ns);
	take(&ledger->blocked_ns, start->blocked_ns);
	take(&ledger->cpu_ns, start->ns - start->ran_ns - start->blocked_ns);
	return start->ns;
}
