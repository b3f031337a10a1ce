// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/peers/inquiry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "capture/owner.h"
#include "proc/peer/peer.h"
#include "stall/engine_private.h"
#include "stall/peers/suspect.h"

#define SUSPECTS   6 /* in all, at the most CULPRITS_DEPTH one behind the other */
#define SHORT_PART 4 /* of a part: a block as short as this is looked at in a turn that is old */
#define COST_TIMES \
	10 /* the cost is at the most this part of the time, that of all loops together */
#define DEBT_NS 100000000ull /* but at the start */
#define PAID_MAX_NS \
	1000000000ull /* what is read of a program for the first time is not paid for long */
#define LONG_TIMES 16 /* the longer a block lasts, the rarer looks get: this often in its time */
#define GAP_NS \
	50000000ull /* what was last seen is taken to have gone on for, if looks were as rare */
#define KEPT_NS	      1000000000ull /* after a block whose slice may still come */
#define LEAST_PERCENT 2 /* what counts less of the time is left out */
#define CERTAIN_PERCENT \
	50 /* of the time, that one of several threads did something that is no wait */
#define CERTAIN_TIMES 3 /* as long as any other */

struct inquiry {
	uint64_t since_ns; /* of the block */
	uint64_t looked_ns; /* last; 0: not yet */
	uint64_t gap_ns; /* between looks now */
	bool told; /* after the block's end */
	struct suspect *v[SUSPECTS];
	int behind[SUSPECTS]; /* who waits for it: a place in v; -1: the loop itself */
	size_t nr;
};

void inquiry_free(struct inquiry *inquiry)
{
	for (size_t i = 0; inquiry && i < inquiry->nr; i++)
		suspect_free(inquiry->v[i]);
	free(inquiry);
}

static void drop(struct engine *engine, struct loop *loop)
{
	inquiry_free(loop->inquiry);
	loop->inquiry = NULL;
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++)
		if (engine->loops[i] && engine->loops[i]->inquiry)
			return;
	probe_suspects_clear(engine->probe);
}

/* -- which of a process's threads it is -- */

static uint64_t sum_of(const struct culprits *culprits)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < culprits->nr; i++)
		sum += culprits->v[i].ns;
	return sum;
}

/* A worker that has nothing to do may sit in these as well as one that works for us. */
static bool may_be_rest(const struct culprit *culprit)
{
	switch (culprit->cause) {
	case CAUSE_LOCK:
	case CAUSE_GIL:
	case CAUSE_SOCKET:
	case CAUSE_POLL:
	case CAUSE_OTHER:
		return true;
	default:
		return culprit->idle;
	}
}

static uint64_t busy_ns(const struct suspect_thread *thread)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < thread->did.nr; i++)
		if (!may_be_rest(&thread->did.v[i]))
			sum += thread->did.v[i].ns;
	return sum;
}

static bool was_idle(const struct suspect_thread *thread)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < thread->did.nr; i++)
		if (thread->did.v[i].idle)
			sum += thread->did.v[i].ns;
	return thread->did.nr && sum * 100 >= sum_of(&thread->did) * (100 - LEAST_PERCENT);
}

/* The one that did something which is no wait for work, if that is plain. */
static struct suspect_thread *busiest(const struct suspect *suspect, uint64_t passed_ns)
{
	struct suspect_thread *most = NULL;
	uint64_t most_ns = 0, next_ns = 0;

	for (size_t i = 0; i < suspect->nr_threads; i++) {
		uint64_t ns = busy_ns(&suspect->threads[i]);

		if (ns > most_ns) {
			next_ns = most_ns;
			most_ns = ns;
			most = &suspect->threads[i];
		} else if (ns > next_ns) {
			next_ns = ns;
		}
	}
	return most && most_ns * 100 >= passed_ns * CERTAIN_PERCENT &&
			       most_ns >= next_ns * CERTAIN_TIMES
		       ? most
		       : NULL;
}

/* The only one that was not idle; or, where all were, one of them. */
static struct suspect_thread *only_one(const struct suspect *suspect)
{
	struct suspect_thread *idle = NULL, *other = NULL;
	size_t nr_others = 0;

	for (size_t i = 0; i < suspect->nr_threads; i++) {
		struct suspect_thread *thread = &suspect->threads[i];

		if (was_idle(thread)) {
			idle = idle ? idle : thread;
		} else if (thread->did.nr) {
			nr_others++;
			other = thread;
		}
	}
	if (nr_others)
		return nr_others == 1 ? other : NULL;
	return idle;
}

/* NULL: it cannot be told. */
static struct suspect_thread *choose(struct suspect *suspect, const struct party *waker)
{
	struct suspect_thread *thread = NULL;
	uint64_t passed_ns = 0;

	/* who ended the wait is who was waited for */
	if (waker && waker->pid == suspect->pid)
		thread = suspect_thread(suspect, waker->tid);
	if (thread && thread->did.nr)
		return thread;
	if (suspect->more_threads)
		return NULL;
	for (size_t i = 0; i < suspect->nr_threads; i++)
		if (suspect->threads[i].looked_ns - suspect->since_ns > passed_ns &&
		    suspect->threads[i].looked_ns)
			passed_ns = suspect->threads[i].looked_ns - suspect->since_ns;
	thread = busiest(suspect, passed_ns);
	return thread ? thread : only_one(suspect);
}

/* -- looks -- */

static bool is_known(const struct inquiry *inquiry, pid_t pid)
{
	for (size_t i = 0; i < inquiry->nr; i++)
		if (inquiry->v[i]->pid == pid)
			return true;
	return false;
}

static void add(struct engine *engine, struct inquiry *inquiry, enum culprit_kind kind, pid_t pid,
		int fd, int behind, uint64_t since_ns)
{
	struct suspect *suspect;

	if (inquiry->nr == SUSPECTS)
		return;
	suspect = suspect_new(engine, kind, pid, fd, since_ns);
	if (!suspect)
		return;
	inquiry->v[inquiry->nr] = suspect;
	inquiry->behind[inquiry->nr++] = behind;
}

static unsigned int depth_of(const struct inquiry *inquiry, int at)
{
	unsigned int depth = 0;

	for (; at >= 0; at = inquiry->behind[at])
		depth++;
	return depth;
}

/* Whom the suspect waits for in turn comes under suspicion, too. */
static void follow(struct engine *engine, const struct loop *loop, struct inquiry *inquiry, int at,
		   uint64_t now_ns)
{
	struct suspect *suspect = inquiry->v[at];
	const struct suspect_thread *thread = choose(suspect, NULL);
	const struct suspect_peer *peer = thread ? &thread->peer : NULL;

	if (!thread || thread->running || thread->now.idle || !peer->pid ||
	    peer->pid == loop->id.pid || is_known(inquiry, peer->pid) ||
	    depth_of(inquiry, at) == CULPRITS_DEPTH)
		return;
	add(engine, inquiry, CULPRIT_PEER, peer->pid, peer->fd, at,
	    suspect->since_ns > now_ns ? now_ns : suspect->since_ns);
}

/* Hundreds of loops may wait for the same server at a time. */
static bool is_affordable(const struct engine *engine, uint64_t now_ns)
{
	return engine->inquiries_paid_ns <= now_ns + DEBT_NS;
}

/* By CPU time: a symbolizer that reads a file for the first time is waited for, which costs little. */
static void pay(struct engine *engine, uint64_t before_ns)
{
	uint64_t now_ns = probe_now_ns(), cost_ns = (clock_spent_ns() - before_ns) * COST_TIMES;

	if (engine->inquiries_paid_ns < now_ns)
		engine->inquiries_paid_ns = now_ns;
	engine->inquiries_paid_ns += cost_ns < PAID_MAX_NS ? cost_ns : PAID_MAX_NS;
}

static void look(struct engine *engine, struct loop *loop, struct inquiry *inquiry)
{
	const struct memory memory = { engine->options.memory, loop->id.pid };
	uint64_t began_ns = probe_now_ns(), before_ns = clock_spent_ns();

	/* those that are added are looked at in the same go */
	for (size_t i = 0; i < inquiry->nr; i++) {
		struct suspect *suspect = inquiry->v[i];

		if (suspect->kind == CULPRIT_OWNER)
			owner_now(&memory, loop->id.tid,
				  &probe_slice(engine->probe, loop->slot)->capture.block,
				  &suspect->tid);
		if (!suspect_look(engine, suspect))
			follow(engine, loop, inquiry, (int)i, began_ns);
	}
	inquiry->looked_ns = probe_now_ns();
	inquiry->gap_ns = (inquiry->looked_ns - inquiry->since_ns) / LONG_TIMES;
	pay(engine, before_ns);
}

/* Who the block is for. */
static struct inquiry *begin(struct engine *engine, struct loop *loop,
			     const struct bp_capture *capture)
{
	const struct memory memory = { engine->options.memory, loop->id.pid };
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	struct peer peer;
	pid_t owner = 0;

	if (!inquiry)
		return NULL;
	inquiry->since_ns = capture->since_ns;
	if (!classify_peer(&engine->classify, loop->id.pid, capture, &peer)) {
		if (peer.pid != loop->id.pid)
			add(engine, inquiry, CULPRIT_PEER, peer.pid, peer.fd, -1,
			    capture->since_ns);
	} else if (owner_now(&memory, loop->id.tid, &capture->block, &owner)) {
		add(engine, inquiry, CULPRIT_OWNER, loop->id.pid, -1, -1, capture->since_ns);
	}
	return inquiry;
}

/* The block is, and was told of; or will not be, as it was too short for that. */
static bool is_over(const struct inquiry *inquiry, const struct bp_slot *slot, uint64_t now_ns)
{
	if (!inquiry || (slot->state == BP_BLOCKED && slot->since_ns == inquiry->since_ns))
		return false;
	return inquiry->told ||
	       now_ns > KEPT_NS + (inquiry->looked_ns ? inquiry->looked_ns : inquiry->since_ns);
}

void inquire(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t since_ns = slot->since_ns, least_ns = engine->part_ns;
	struct bp_capture *capture;

	if (is_over(loop->inquiry, slot, now_ns))
		drop(engine, loop);
	if (slot->state != BP_BLOCKED || slot->use != BP_SLOT_LOOP || !slot->in_turn ||
	    slot->turn_seq == loop->void_seq || now_ns < since_ns)
		return;
	if (now_ns > slot->turn_start_ns && now_ns - slot->turn_start_ns >= engine->part_ns)
		least_ns /= SHORT_PART;
	if (now_ns - since_ns < least_ns || !is_affordable(engine, now_ns))
		return;
	if (!loop->inquiry || loop->inquiry->since_ns != since_ns) {
		uint64_t before_ns = clock_spent_ns();

		capture = tell_capture(engine, loop);
		if (!capture)
			return;
		drop(engine, loop);
		if (capture->since_ns == since_ns)
			loop->inquiry = begin(engine, loop, capture);
		free(capture);
		pay(engine, before_ns);
	}
	if (loop->inquiry && loop->inquiry->nr &&
	    now_ns - loop->inquiry->looked_ns >= loop->inquiry->gap_ns)
		look(engine, loop, loop->inquiry);
}

void inquire_sample(struct engine *engine, const struct bp_suspect_sample *sample)
{
	const struct bp_header *header = &sample->header;
	struct bp_copy *copy __freeing =
		copies_take(engine->copies, header->slot, header->tid, header->time_ns, false);

	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		struct inquiry *inquiry = engine->loops[i] ? engine->loops[i]->inquiry : NULL;

		for (size_t k = 0; inquiry && k < inquiry->nr; k++)
			if (inquiry->v[k]->pid == (pid_t)sample->header.tgid)
				suspect_sample(engine, inquiry->v[k], sample, copy);
	}
}

/* -- what was found -- */

/* Those who have been named so far on the way. */
struct chain {
	const struct loop *loop;
	const struct inquiry *inquiry;
	const struct party *waker; /* of the loop */
	uint64_t until_ns;
};

static void build(const struct chain *chain, int at, struct culprits *out);

static int find_behind(const struct inquiry *inquiry, int at, pid_t pid)
{
	for (size_t i = 0; i < inquiry->nr; i++)
		if (inquiry->behind[i] == at && inquiry->v[i]->pid == pid)
			return (int)i;
	return -1;
}

/* The comm of a process on the way to at, whose number this is; NULL: it is none of them. */
static const char *on_the_way(const struct chain *chain, int at, pid_t pid)
{
	for (; at >= 0; at = chain->inquiry->behind[at])
		if (chain->inquiry->v[at]->pid == pid)
			return chain->inquiry->v[at]->comm;
	return pid == chain->loop->id.pid ? chain->loop->id.comm : NULL;
}

static void add_behind(const struct chain *chain, int at, struct culprit *culprit)
{
	pid_t pid = culprit->target.peer_pid;
	int behind = find_behind(chain->inquiry, at, pid);
	const char *comm = on_the_way(chain, at, pid);

	if (!pid || (culprit->idle && culprit->cause == CAUSE_POLL))
		return;
	if (behind >= 0) {
		build(chain, behind, &culprit->culprits);
	} else if (comm && depth_of(chain->inquiry, at) < CULPRITS_DEPTH) {
		struct culprit cycle = { .kind = CULPRIT_PEER, .pid = pid, .cycle = true };

		memcpy(cycle.comm, comm, sizeof(cycle.comm));
		culprits_add(&culprit->culprits, &cycle);
	}
}

static const struct culprit *most_sampled(const struct suspect_thread *thread)
{
	const struct culprit *most = NULL;

	for (size_t i = 0; i < thread->samples.nr; i++)
		if (!most || thread->samples.v[i].ns > most->ns)
			most = &thread->samples.v[i];
	return most;
}

static bool same_deed(const struct culprit *a, const struct culprit *b)
{
	return a->told && b->told && a->cause == b->cause && stack_equal(a->stack, b->stack) &&
	       target_equal(&a->target, &b->target);
}

/* What a thread did; what it was in at the last look has gone on since, if that was not long ago. */
static void build_thread(const struct chain *chain, int at, const struct suspect_thread *thread,
			 struct culprits *out)
{
	const struct suspect *suspect = chain->inquiry->v[at];
	const struct culprit *sampled = most_sampled(thread);
	uint64_t passed_ns = chain->until_ns - suspect->since_ns, left_ns = 0;
	struct culprits did;

	if (culprits_copy(&did, &thread->did))
		return;
	if (chain->until_ns > thread->looked_ns)
		left_ns = chain->until_ns - thread->looked_ns;
	if (left_ns > GAP_NS && left_ns > 2 * chain->inquiry->gap_ns)
		left_ns = 0;
	for (size_t i = 0; i < did.nr; i++) {
		struct culprit *culprit = &did.v[i];

		if (same_deed(culprit, &thread->now) ||
		    (thread->running && culprit->cause == CAUSE_CPU)) {
			culprit->ns += left_ns;
			left_ns = 0;
		}
		if (culprit->ns > passed_ns)
			culprit->ns = passed_ns;
		if (culprit->ns * 100 < passed_ns * LEAST_PERCENT)
			continue;
		culprit->kind = suspect->kind;
		culprit->pid = suspect->pid;
		culprit->tid = thread->tid;
		memcpy(culprit->comm, thread->comm, sizeof(culprit->comm));
		if (culprit->cause == CAUSE_CPU && !culprit->stack && sampled)
			culprit->stack = stack_get(sampled->stack);
		add_behind(chain, at, culprit);
		culprits_add(out, culprit);
	}
	culprits_free(&did);
}

static void build(const struct chain *chain, int at, struct culprits *out)
{
	struct suspect *suspect = chain->inquiry->v[at];
	const struct suspect_thread *thread;
	size_t before = out->nr;

	if (suspect->kind == CULPRIT_OWNER) {
		for (size_t i = 0; i < suspect->nr_threads; i++)
			build_thread(chain, at, &suspect->threads[i], out);
	} else {
		thread = choose(suspect, chain->inquiry->behind[at] < 0 ? chain->waker : NULL);
		if (thread)
			build_thread(chain, at, thread, out);
	}
	if (out->nr == before && suspect->kind == CULPRIT_PEER) {
		struct culprit silent = { .kind = CULPRIT_PEER, .pid = suspect->pid };

		memcpy(silent.comm, suspect->comm, sizeof(silent.comm));
		culprits_add(out, &silent);
	}
}

void inquiry_tell(struct loop *loop, uint64_t since_ns, uint64_t until_ns, bool ended,
		  struct slice *slice)
{
	struct chain chain = {
		.loop = loop, .inquiry = loop->inquiry, .waker = &slice->waker, .until_ns = until_ns
	};

	if (!loop->inquiry || loop->inquiry->since_ns != since_ns || !loop->inquiry->looked_ns ||
	    until_ns < since_ns)
		return;
	for (size_t i = 0; i < loop->inquiry->nr; i++)
		if (loop->inquiry->behind[i] < 0)
			build(&chain, (int)i, &slice->culprits);
	culprits_sort(&slice->culprits);
	loop->inquiry->told |= ended;
}
