// SPDX-License-Identifier: GPL-2.0-or-later
/* observe.c - when those that a block waits for are observed, and at what cost. */
#include "stall/peers/observe.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "capture/owner.h"
#include "capture/target.h"
#include "probe/probe.h"
#include "proc/peer/peer.h"
#include "stall/peers/choose.h"
#include "stall/peers/observation.h"
#include "stall/state/live.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/discard.h"

#define SHORT_PART \
	4 /* of what is old: a block as short as this is observed in a turn that is old */
/* The cost is at the most this part of the time, that of all loops together... */
#define COST_TIMES 10
#define DEBT_NS	   (100 * NS_PER_MS) /* ...but at the start */
/* What is read of a program for the first time is not paid for long. */
#define PAID_MAX_NS NS_PER_SEC
#define LONG_TIMES  16 /* the longer a block lasts, the rarer they are seen: so often in its time */
#define KEPT_NS	    NS_PER_SEC /* after a block whose slice may still come */

void observation_end(struct engine *engine, struct loop *loop)
{
	struct observation *observation = loop->observation;

	if (!observation)
		return;
	for (size_t i = 0; i < observation->nr; i++)
		observed_free(observation->v[i]);
	free(observation);
	loop->observation = NULL;
	for_each_loop (engine->loops, other)
		if (other->observation)
			return;
	probe_observed_clear(engine->probe);
}

static bool is_known(const struct observation *observation, pid_t pid)
{
	for (size_t i = 0; i < observation->nr; i++)
		if (observation->v[i]->pid == pid)
			return true;
	return false;
}

/* behind: who waits for it, as in struct observation. */
static void add(struct engine *engine, struct observation *observation, int behind,
		const struct whom *whom)
{
	struct observed *observed;

	if (observation->nr == OBSERVED_MAX)
		return;
	observed = observed_new(engine, whom);
	if (!observed)
		return;
	observation->v[observation->nr] = observed;
	observation->behind[observation->nr++] = behind;
}

unsigned int observation_depth(const struct observation *observation, int at)
{
	unsigned int depth = 0;

	for (; at >= 0; at = observation->behind[at])
		depth++;
	return depth;
}

/* Whom it waits for in turn is observed, too. */
static void follow(struct engine *engine, const struct loop *loop, struct observation *observation,
		   int at, uint64_t now_ns)
{
	struct observed *observed = observation->v[at];
	const struct observed_thread *thread = choose_thread(observed, NULL);
	const struct observed_peer *peer = thread ? &thread->peer : NULL;

	if (!thread || thread->running || thread->now.idle || !peer->pid ||
	    peer->pid == loop->id.pid || is_known(observation, peer->pid) ||
	    observation_depth(observation, at) == CULPRITS_DEPTH)
		return;
	add(engine, observation, at,
	    &(struct whom){ .kind = CULPRIT_PEER,
			    .pid = peer->pid,
			    .fd = peer->fd,
			    .since_ns =
				    observed->since_ns > now_ns ? now_ns : observed->since_ns });
}

/* Hundreds of loops may wait for the same server at a time. */
static bool is_affordable(const struct engine *engine, uint64_t now_ns)
{
	return engine->observe.paid_until_ns <= now_ns + DEBT_NS;
}

/* By CPU time: a symbolizer that reads a file for the first time is waited for, which costs little. */
static void pay(struct engine *engine, uint64_t before_ns)
{
	uint64_t now_ns = probe_now_ns(), cost_ns = (clock_spent_ns() - before_ns) * COST_TIMES;

	if (engine->observe.paid_until_ns < now_ns)
		engine->observe.paid_until_ns = now_ns;
	engine->observe.paid_until_ns += cost_ns < PAID_MAX_NS ? cost_ns : PAID_MAX_NS;
}

static void see(struct engine *engine, struct loop *loop, struct observation *observation)
{
	const struct memory memory = state_memory(engine, loop->id.pid);
	uint64_t began_ns = probe_now_ns(), before_ns = clock_spent_ns();

	/* those that are added are seen in the same go */
	for (size_t i = 0; i < observation->nr; i++) {
		struct observed *observed = observation->v[i];

		if (observed->kind == CULPRIT_OWNER)
			owner_now(&memory, loop->id.tid,
				  &probe_slice(engine->probe, loop->slot)->capture.block,
				  &observed->tid);
		if (!observed_update(engine, observed))
			follow(engine, loop, observation, (int)i, began_ns);
	}
	observation->seen_ns = probe_now_ns();
	observation->gap_ns = (observation->seen_ns - observation->since_ns) / LONG_TIMES;
	pay(engine, before_ns);
}

/* Who the block is for. */
static struct observation *begin(struct engine *engine, struct loop *loop,
				 const struct bp_capture *capture)
{
	const struct memory memory = state_memory(engine, loop->id.pid);
	struct observation *observation = calloc(1, sizeof(*observation));
	struct whom whom = { .pid = 0 };
	struct peer peer;
	pid_t owner = 0;

	if (!observation)
		return NULL;
	observation->since_ns = capture->since_ns;
	if (!target_peer(&engine->classify, loop->id.pid, capture, &peer))
		whom = (struct whom){ CULPRIT_PEER, peer.pid, peer.fd, capture->since_ns };
	else if (owner_now(&memory, loop->id.tid, &capture->block, &owner))
		whom = (struct whom){ CULPRIT_OWNER, loop->id.pid, -1, capture->since_ns };
	if (whom.pid && (whom.kind == CULPRIT_OWNER || whom.pid != loop->id.pid))
		add(engine, observation, -1, &whom);
	return observation;
}

/* The block is, and its slice was filled; or will not be, as it was too short for one. */
static bool is_over(const struct observation *observation, const struct bp_slot *slot,
		    uint64_t now_ns)
{
	if (!observation || (slot->state == BP_BLOCKED && slot->since_ns == observation->since_ns))
		return false;
	return observation->filled ||
	       now_ns > KEPT_NS + (observation->seen_ns ? observation->seen_ns
							: observation->since_ns);
}

void observe_block(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t since_ns = slot->since_ns, least_ns = engine->old_ns;
	struct bp_capture *capture;

	if (is_over(loop->observation, slot, now_ns))
		observation_end(engine, loop);
	if (slot->state != BP_BLOCKED || slot->use != BP_SLOT_LOOP || !slot->in_turn ||
	    turn_is_discarded(loop, slot->turn_seq) || now_ns < since_ns)
		return;
	if (now_ns > slot->turn_start_ns && now_ns - slot->turn_start_ns >= engine->old_ns)
		least_ns /= SHORT_PART;
	if (now_ns - since_ns < least_ns || !is_affordable(engine, now_ns))
		return;
	if (!loop->observation || loop->observation->since_ns != since_ns) {
		uint64_t before_ns = clock_spent_ns();

		capture = live_capture(engine, loop);
		if (!capture)
			return;
		observation_end(engine, loop);
		if (capture->since_ns == since_ns)
			loop->observation = begin(engine, loop, capture);
		free(capture);
		pay(engine, before_ns);
	}
	if (loop->observation && loop->observation->nr &&
	    now_ns - loop->observation->seen_ns >= loop->observation->gap_ns)
		see(engine, loop, loop->observation);
}

void observe_sample(struct engine *engine, const struct bp_observed_sample *sample)
{
	const struct bp_header *header = &sample->header;
	struct bp_stack_copy *copy __freeing = stack_copies_take(
		engine->stack_copies, header->slot, header->tid, header->time_ns, false);

	for_each_loop (engine->loops, loop) {
		struct observation *observation = loop->observation;

		for (size_t k = 0; observation && k < observation->nr; k++)
			if (observation->v[k]->pid == (pid_t)sample->header.tgid)
				observed_sample(engine, observation->v[k], sample, copy);
	}
}
