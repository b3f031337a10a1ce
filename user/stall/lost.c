// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lost.c - what follows from records that found no room: of which processes stalls may
 * be missing, and which threads and processes are there no more, though nothing said so.
 */
#include "stall/lost.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "stall/loops/missed.h"
#include "stall/records.h"
#include "stall/state/blind.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define LOOK_AGAIN_NS NS_PER_SEC

/* Without these the rest is as right, and of a stack, or a list of clients, it is told how much is missing. */
#define NOT_BLIND                                                                   \
	(1u << LOSS_STACK_COPIES_RING_FULL | 1u << LOSS_STACK_COPIES_WITHOUT_ROOM | \
	 1u << LOSS_IMPACTS_RING_FULL | 1u << LOSS_SUSPECT_SAMPLES_RING_FULL)

static void on_loser(void *context, pid_t pid, uint32_t lost)
{
	struct engine *engine = context;
	struct watched *watched = watched_find(engine->watched, pid);

	if (watched && lost & ~NOT_BLIND)
		blind_note(engine, watched, BLIND_RECORDS_LOST);
}

static uint64_t all_lost(const struct engine *engine)
{
	uint64_t sum = 0;

	for (int loss = 0; loss < LOSS_KERNEL_NR; loss++)
		sum += probe_loss(engine->probe, (enum loss)loss);
	return sum;
}

/*
 * A slot whose thread is gone waits for the record that says so. If all of its process have
 * been read since that was seen first, it was lost. Returns whether there are such.
 */
static bool end_slots(struct engine *engine)
{
	bool left = false;

	for (unsigned int number = 1; number <= probe_slots(engine->probe); number++) {
		struct bp_slot *slot = probe_slot(engine->probe, number);

		if (slot->use == BP_SLOT_LOST && !probe_unread(engine->probe, (pid_t)slot->tgid)) {
			records_end_slot(engine, number);
		} else if (slot->use == BP_SLOT_LEFT || slot->use == BP_SLOT_LOST) {
			slot->use = BP_SLOT_LOST;
			left = true;
		}
	}
	return left;
}

void lost_note(struct engine *engine)
{
	uint64_t all = all_lost(engine);

	if (all != engine->lost_seen.all)
		probe_losers(engine->probe, on_loser, engine);
	engine->lost_seen.all = all;
}

void lost_look(struct engine *engine, uint64_t now_ns)
{
	struct lost_seen *seen = &engine->lost_seen;
	uint64_t processes = probe_loss(engine->probe, LOSS_PROCESSES_RING_FULL);
	bool slots, missed;

	lost_note(engine);
	if (processes != seen->processes) {
		seen->processes = processes;
		seen->again = true;
	}
	if (!seen->again || now_ns < seen->next_ns)
		return;
	slots = end_slots(engine);
	missed = missed_look(engine);
	seen->again = slots || missed;
	/* what is marked is looked at in the next tick; else a storm of ends would have all looked at in each */
	seen->next_ns = slots ? 0 : now_ns + LOOK_AGAIN_NS;
}
