// SPDX-License-Identifier: GPL-2.0-or-later
/* start.c - when a turn began, where the loop itself notes that and the scheduler does not show it. */
#include "stall/turn/start.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/collect.h"
#include "stall/turn/pace.h"

/* Between a wait's return and the loop's own note of it there is less cpu time than this. */
#define NOTE_NS (2 * NS_PER_MS)

static bool has_waited_for_gil(const struct bp_slot *slot)
{
	for (int i = 0; i < BP_SUMS; i++)
		if (slot->sums[i].flags & BP_BLOCK_GIL && slot->sums[i].ns)
			return true;
	return false;
}

/* When the loop says that its turn began; 0: it does not say. */
static uint64_t ask(struct engine *engine, const struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct moment moment;

	if (!watched || !loop->runtime || !loop->runtime->noted_start_ns)
		return 0;
	moment = moment_of(engine, watched, loop->id.tid);
	return loop->runtime->noted_start_ns(&moment);
}

void start_check(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t seq = slot->turn_seq, start_ns = slot->turn_start_ns, ran_ns = slot->turn_ran_ns;
	uint64_t noted_ns, blocked_ns;

	if (!slot->in_turn || slot->state == BP_WAITING || loop->start.seq == seq || !ran_ns ||
	    now_ns < start_ns || now_ns - start_ns < engine->old_ns)
		return;
	noted_ns = ask(engine, loop);
	if (!noted_ns || slot->turn_seq != seq)
		return;
	loop->start.seq = seq;
	loop->start.ns = 0;
	loop->start.ran_ns = ran_ns;
	/* what the target says is not believed where it cannot be */
	if (noted_ns <= ran_ns || noted_ns > probe_now_ns() || has_waited_for_gil(slot))
		return;
	/* slices that reach into what is left cannot be told from those that do not: leave it */
	if (collected_last_ns(loop, seq) >= noted_ns)
		return;
	blocked_ns = collected_blocked_ns(loop, seq);
	if (noted_ns - ran_ns <= blocked_ns + NOTE_NS)
		return;
	loop->start.ns = noted_ns;
	loop->start.blocked_ns = blocked_ns;
	if (collected_is(loop, seq))
		collect_pass(loop);
}

bool start_is_sound(const struct engine *engine, const struct loop *loop,
		    const struct bp_turn *turn)
{
	uint64_t threshold_ns = engine->options.threshold_ns, unseen_ns;
	uint64_t on_since_ns = pace_on_since_ns(engine);

	if (probe_waits_always(engine->probe) || loop->start.seq == turn->turn_seq ||
	    on_since_ns <= turn->start_ns)
		return true;
	if (turn->end_ns > on_since_ns && turn->end_ns - on_since_ns >= threshold_ns)
		return true;
	/* one block this long was within one turn */
	if (collected_longest_ns(loop, turn->turn_seq) >= threshold_ns)
		return true;
	/* a loop that cannot be asked is believed, but for what the switching on took unduly long */
	unseen_ns = (turn->end_ns < on_since_ns ? turn->end_ns : on_since_ns) - turn->start_ns;
	return !(loop->runtime && loop->runtime->noted_start_ns) && unseen_ns < threshold_ns / 2;
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
