// SPDX-License-Identifier: GPL-2.0-or-later
/* observe.c - when those that a block waits for are observed, and at what cost. */
#include "stall/peers/observe.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "capture/classify.h"
#include "capture/frames.h"
#include "probe/probe.h"
#include "proc/peer/peer.h"
#include "stall/peers/choose.h"
#include "stall/peers/observation.h"
#include "stall/state/live.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/current.h"
#include "stall/turn/discard.h"

#define SHORT_PART \
	4 /* of what is old: a block as short as this is observed in a turn that is old */
#define LONG_TIMES 8 /* the longer a block lasts, the rarer they are seen: so often in its time */
#define KEPT_NS	   NS_PER_SEC /* after a block whose slice may still come */

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

static bool is_known(const struct observation *observation, const struct whom *whom)
{
	for (size_t i = 0; i < observation->nr; i++)
		if (observation->v[i]->pid == whom->pid &&
		    (!whom->tid || observation->v[i]->tid == whom->tid))
			return true;
	return false;
}

/* behind: who waits for it, as in struct observation. */
static void add(struct engine *engine, struct observation *observation, int behind,
		const struct whom *whom, uint64_t since_ns)
{
	struct observed *observed;

	if (observation->nr == OBSERVED_MAX)
		return;
	observed = observed_new(engine, whom, since_ns);
	if (!observed)
		return;
	observation->v[observation->nr] = observed;
	observation->behind[observation->nr++] = behind;
}

/* Can more be told of it than who it is? Of another process, or another thread of this one. */
static bool is_worth_it(const struct loop *loop, const struct whom *whom)
{
	if (!whom->pid)
		return false;
	return whom->not_tid || whom->pid != loop->id.pid ||
	       (whom->tid && whom->tid != loop->id.tid);
}

unsigned int observation_depth(const struct observation *observation, int at)
{
	unsigned int depth = 0;

	for (; at >= 0; at = observation->behind[at])
		depth++;
	return depth;
}

static void follow_thread(struct engine *engine, const struct loop *loop,
			  struct observation *observation, int at,
			  const struct observed_thread *thread, uint64_t now_ns)
{
	const struct observed *observed = observation->v[at];

	if (thread->running || thread->now.idle)
		return;
	for (size_t i = 0; i < thread->waits_for.nr; i++) {
		const struct whom *whom = &thread->waits_for.v[i];

		if (is_worth_it(loop, whom) && !is_known(observation, whom))
			add(engine, observation, at, whom,
			    observed->since_ns > now_ns ? now_ns : observed->since_ns);
	}
}

/* Whom it waits for in turn is observed, too. */
static void follow(struct engine *engine, const struct loop *loop, struct observation *observation,
		   int at, uint64_t now_ns)
{
	struct observed *observed = observation->v[at];
	enum culprit_doubt doubt = CULPRIT_CERTAIN;
	const struct observed_thread *thread;

	if (observation_depth(observation, at) == CULPRITS_DEPTH)
		return;
	/* which of them it will have been is known at the end */
	for (size_t i = 0; observed->not_tid && i < observed->nr_threads; i++)
		follow_thread(engine, loop, observation, at, &observed->threads[i], now_ns);
	if (observed->not_tid)
		return;
	thread = choose_thread(observed, NULL, &doubt);
	if (thread)
		follow_thread(engine, loop, observation, at, thread, now_ns);
}

/* Once for a turn: whom it waits for is not observed. */
static void refuse(struct engine *engine, struct loop *loop, const struct bp_slot *slot)
{
	if (loop->observation && loop->observation->turn_seq == slot->turn_seq)
		return;
	if (loop->unobserved_seq != slot->turn_seq)
		peers_allowance(engine->classify.peers)->refused++;
	loop->unobserved_seq = slot->turn_seq;
}

/* Hundreds of loops may wait for the same server at a time. */
static bool is_affordable(const struct engine *engine, pid_t pid)
{
	return allowance_is_left(peers_allowance(engine->classify.peers), pid, clock_now_ns());
}

bool observe_is_ample(const struct engine *engine, pid_t pid)
{
	return allowance_is_ample(peers_allowance(engine->classify.peers), pid, clock_now_ns());
}

struct observe_bill observe_begin(const struct engine *engine, pid_t pid)
{
	return (struct observe_bill){ pid, clock_spent_ns(),
				      peers_allowance(engine->classify.peers)->spent_ns };
}

/* By CPU time: a symbolizer that reads a file for the first time is waited for, which costs little. */
void observe_pay(struct engine *engine, const struct observe_bill *bill)
{
	struct allowance *allowance = peers_allowance(engine->classify.peers);
	uint64_t spent_ns = clock_spent_ns() - bill->spent_ns;
	uint64_t paid_ns = allowance->spent_ns - bill->paid_ns;

	spent_ns = spent_ns > paid_ns ? spent_ns - paid_ns : 0;
	allowance_pay(allowance, bill->pid, clock_now_ns(), spent_ns);
}

/* Locks change hands. */
static void find_owner_now(struct engine *engine, const struct loop *loop,
			   struct observed *observed)
{
	const struct bp_slice *slice = probe_slice(engine->probe, loop->slot);
	pid_t owner = whom_owner(engine, loop->id.pid, &slice->capture.block);

	if (owner && owner != loop->id.tid)
		observed->tid = owner;
}

static void see(struct engine *engine, struct loop *loop, struct observation *observation)
{
	const struct observe_bill bill = observe_begin(engine, loop->id.pid);
	uint64_t began_ns = probe_now_ns();

	/* those that are added are seen in the same go */
	for (size_t i = 0; i < observation->nr; i++) {
		struct observed *observed = observation->v[i];

		if (observation->behind[i] < 0 && observed->one_thread &&
		    observed->kind == CULPRIT_OWNER)
			find_owner_now(engine, loop, observed);
		if (!observed_update(engine, observed))
			follow(engine, loop, observation, (int)i, began_ns);
	}
	observation->seen_ns = probe_now_ns();
	observation->gap_ns = (observation->seen_ns - observation->since_ns) / LONG_TIMES;
	observe_pay(engine, &bill);
}

/* Waiting for the GIL, and trying again and again, are blocks of their own each time. */
static bool is_round(const struct bp_block *block)
{
	return block->flags & (BP_BLOCK_GIL | BP_BLOCK_TRY_LOCK | BP_BLOCK_TRY_CHILD);
}

static bool same_round(const struct bp_block *a, const struct bp_block *b)
{
	return a->syscall == b->syscall && a->flags == b->flags && a->args[0] == b->args[0];
}

/*
 * Whom the block is for: by the call and the kernel's frames first, as names of the
 * program's own functions may take their time; by these, too, where that says nothing.
 */
static void find_whoms(struct engine *engine, struct loop *loop, const struct bp_capture *capture,
		       struct whoms *out, enum cause *cause)
{
	const struct raw_stack raw = { .pid = loop->id.pid, .stack = &capture->stack };
	struct blocked blocked = { loop->id.pid, loop->id.tid, capture, NULL };
	struct slice plain = { 0 };

	plain.stack = frames_resolve(engine->namer, &raw, FRAMES_KERNEL, NULL);
	classify(&engine->classify, loop->id.pid, capture, &plain);
	blocked.slice = &plain;
	*cause = plain.cause;
	whoms_find(engine, &blocked, out);
	slice_clear(&plain);
	if (out->nr || probe_now_ns() - capture->since_ns < engine->old_ns)
		return;
	blocked.slice = current_slice(engine, loop, capture->since_ns);
	if (!blocked.slice)
		return;
	*cause = blocked.slice->cause;
	whoms_find(engine, &blocked, out);
	/* all threads of the process are looked at for that */
	if (!out->nr && *cause == CAUSE_LOCK && observe_is_ample(engine, loop->id.pid))
		whoms_add_waker(&blocked, out);
}

static struct observation *begin(struct engine *engine, struct loop *loop,
				 const struct bp_capture *capture)
{
	struct observation *observation = calloc(1, sizeof(*observation));

	if (!observation)
		return NULL;
	observation->since_ns = observation->block_ns = capture->since_ns;
	observation->turn_seq = capture->turn_seq;
	observation->round = capture->block;
	observation->in_rounds = is_round(&capture->block);
	find_whoms(engine, loop, capture, &observation->waits_for, &observation->cause);
	for (size_t i = 0; i < observation->waits_for.nr; i++)
		if (is_worth_it(loop, &observation->waits_for.v[i]))
			add(engine, observation, -1, &observation->waits_for.v[i],
			    capture->since_ns);
	return observation;
}

/* The block is, and its slice was filled; or will not be, as it was too short for one. */
static bool is_over(const struct observation *observation, const struct bp_slot *slot,
		    uint64_t now_ns)
{
	if (!observation || (slot->state == BP_BLOCKED && slot->since_ns == observation->block_ns))
		return false;
	if (observation->in_rounds && slot->in_turn && slot->turn_seq == observation->turn_seq)
		return false;
	return observation->filled ||
	       now_ns > KEPT_NS + (observation->seen_ns ? observation->seen_ns
							: observation->since_ns);
}

/* How long a block has to last until it is looked at. */
static uint64_t least_of(const struct engine *engine, const struct loop *loop,
			 const struct bp_slot *slot, uint64_t now_ns)
{
	const struct bp_slice *slice = probe_slice(engine->probe, loop->slot);

	if (now_ns < slot->turn_start_ns || now_ns - slot->turn_start_ns < engine->old_ns)
		return engine->old_ns;
	return is_round(&slice->capture.block) ? 0 : engine->old_ns / SHORT_PART;
}

/* The observation of the block that began at since_ns; NULL: there is none to be had. */
static struct observation *observation_of(struct engine *engine, struct loop *loop,
					  uint64_t since_ns)
{
	struct observation *observation = loop->observation;
	const struct observe_bill bill = observe_begin(engine, loop->id.pid);
	struct bp_capture *capture;

	if (observation && observation->block_ns == since_ns)
		return observation;
	capture = live_capture(engine, loop);
	if (!capture || capture->since_ns != since_ns) {
		free(capture);
		return NULL;
	}
	if (observation && observation->in_rounds && observation->turn_seq == capture->turn_seq &&
	    same_round(&observation->round, &capture->block)) {
		observation->block_ns = since_ns;
	} else {
		observation_end(engine, loop);
		loop->observation = observation = begin(engine, loop, capture);
	}
	free(capture);
	observe_pay(engine, &bill);
	return observation;
}

void observe_block(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct observation *observation;
	uint64_t since_ns = slot->since_ns;

	if (is_over(loop->observation, slot, now_ns))
		observation_end(engine, loop);
	if (slot->state != BP_BLOCKED || slot->use != BP_SLOT_LOOP || !slot->in_turn ||
	    turn_is_discarded(loop, slot->turn_seq) || now_ns < since_ns)
		return;
	if (now_ns - since_ns < least_of(engine, loop, slot, now_ns))
		return;
	if (!is_affordable(engine, loop->id.pid)) {
		refuse(engine, loop, slot);
		return;
	}
	observation = observation_of(engine, loop, since_ns);
	if (observation && observation->nr && now_ns - observation->seen_ns >= observation->gap_ns)
		see(engine, loop, observation);
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
