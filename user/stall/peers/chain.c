// SPDX-License-Identifier: GPL-2.0-or-later
/* chain.c - what those did that a block waited for, each with whom it waited for in turn. */
#include <string.h>

#include "base/clock.h"
#include "stall/peers/choose.h"
#include "stall/peers/observation.h"
#include "stall/peers/observe.h"
#include "stall/peers/whom.h"
#include "stall/state/loop.h"
#include "stall/turn/collect.h"

#define GAP_NS \
	(50 *  \
	 NS_PER_MS) /* what was seen last is taken to have gone on for, if it is seen as rarely */
#define LEAST_PERCENT 2 /* what counts less of the time is left out */

/* Those who have been named so far on the way. */
struct chain {
	const struct loop *loop;
	const struct observation *observation;
	const struct party *waker; /* of the loop */
	uint64_t until_ns;
};

static void build(const struct chain *chain, int at, struct culprits *out);

static int find_behind(const struct observation *observation, int at, const struct culprit *whom)
{
	for (size_t i = 0; i < observation->nr; i++)
		if (observation->behind[i] == at && observation->v[i]->pid == whom->pid &&
		    (!whom->tid || observation->v[i]->one_thread))
			return (int)i;
	return -1;
}

static bool is_meant(pid_t pid, pid_t tid, const struct culprit *whom)
{
	return pid == whom->pid && (!tid || !whom->tid || tid == whom->tid);
}

/* Has it been named on the way to at? */
static bool on_the_way(const struct chain *chain, int at, const struct culprit *whom)
{
	const struct loop *loop = chain->loop;

	for (; at >= 0; at = chain->observation->behind[at])
		if (is_meant(chain->observation->v[at]->pid, chain->observation->v[at]->tid, whom))
			return true;
	return is_meant(loop->id.pid, loop->id.tid, whom);
}

/* What is at the other end is named by what it waited for already. */
static bool says_more(const struct culprit *culprit, const struct culprit *whom)
{
	return whom->kind != CULPRIT_PEER || culprit->target.peer_pid != whom->pid;
}

/* Those that it waited for, of whom nothing but who they are is known yet. */
static void add_behind(const struct chain *chain, int at, struct culprit *culprit)
{
	struct culprits waits_for = culprit->culprits;

	culprit->culprits = (struct culprits){ 0 };
	for (size_t i = 0; i < waits_for.nr; i++) {
		struct culprit *whom = &waits_for.v[i];
		int behind = find_behind(chain->observation, at, whom);

		if (culprit->idle || observation_depth(chain->observation, at) >= CULPRITS_DEPTH)
			break;
		if (behind >= 0) {
			build(chain, behind, &culprit->culprits);
			continue;
		}
		whom->cycle = whom->pid && !whom->another && on_the_way(chain, at, whom);
		if (whom->cycle || says_more(culprit, whom))
			culprits_add(&culprit->culprits, whom);
	}
	culprits_free(&waits_for);
}

static const struct culprit *most_sampled(const struct observed_thread *thread)
{
	const struct culprit *most = NULL;

	for (size_t i = 0; i < thread->samples.nr; i++)
		if (!most || thread->samples.v[i].ns > most->ns)
			most = &thread->samples.v[i];
	return most;
}

static bool same_deed(const struct culprit *a, const struct culprit *b)
{
	return a->seen && b->seen && a->cause == b->cause && stack_equal(a->stack, b->stack) &&
	       target_equal(&a->target, &b->target);
}

/* What a thread did; what it was in when it was seen last has gone on since, if that was not long ago. */
static void build_thread(const struct chain *chain, int at, const struct observed_thread *thread,
			 enum culprit_doubt doubt, struct culprits *out)
{
	const struct observed *observed = chain->observation->v[at];
	const struct culprit *sampled = most_sampled(thread);
	uint64_t passed_ns = chain->until_ns - observed->since_ns, left_ns = 0;
	struct culprits did;

	if (culprits_copy(&did, &thread->did))
		return;
	if (chain->until_ns > thread->seen_ns)
		left_ns = chain->until_ns - thread->seen_ns;
	if (left_ns > GAP_NS && left_ns > 2 * chain->observation->gap_ns)
		left_ns = 0;
	for (size_t i = 0; i < did.nr; i++) {
		struct culprit *culprit = &did.v[i];

		if (same_deed(culprit, &thread->now) ||
		    (thread->running && culprit_is_cpu(culprit))) {
			culprit->ns += left_ns;
			left_ns = 0;
		}
		if (culprit->ns > passed_ns)
			culprit->ns = passed_ns;
		if (culprit->ns * 100 < passed_ns * LEAST_PERCENT)
			continue;
		culprit->kind = observed->kind;
		culprit->pid = observed->pid;
		culprit->tid = thread->tid;
		culprit->doubt = doubt;
		memcpy(culprit->comm, thread->comm, sizeof(culprit->comm));
		if (culprit_is_cpu(culprit) && !culprit->stack && sampled)
			culprit->stack = stack_get(sampled->stack);
		add_behind(chain, at, culprit);
		culprits_add(out, culprit);
	}
	culprits_free(&did);
}

static void build(const struct chain *chain, int at, struct culprits *out)
{
	struct observed *observed = chain->observation->v[at];
	enum culprit_doubt doubt = observed->doubt;
	const struct observed_thread *thread;
	size_t before = out->nr;

	if (observed->one_thread) {
		for (size_t i = 0; i < observed->nr_threads; i++)
			build_thread(chain, at, &observed->threads[i], doubt, out);
	} else {
		thread = choose_thread(
			observed, chain->observation->behind[at] < 0 ? chain->waker : NULL, &doubt);
		if (thread)
			build_thread(chain, at, thread, doubt, out);
	}
	/* that it was one of its own threads says nothing */
	if (out->nr == before && !observed->not_tid) {
		struct culprit silent = {
			.kind = observed->kind,
			.pid = observed->pid,
			.tid = observed->one_thread ? observed->tid : 0,
			.doubt = observed->doubt,
		};

		memcpy(silent.comm, observed->comm, sizeof(silent.comm));
		culprits_add(out, &silent);
	}
}

/* Of a wait in rounds, what was seen in all of them is shared out. */
static void scale(struct culprits *culprits, uint64_t part_ns, uint64_t whole_ns)
{
	for (size_t i = 0; i < culprits->nr; i++) {
		struct culprit *culprit = &culprits->v[i];

		if (whole_ns > part_ns)
			culprit->ns = (uint64_t)((double)culprit->ns * (double)part_ns /
						 (double)whole_ns);
		scale(&culprit->culprits, part_ns, whole_ns);
	}
}

/* Who is known by no more than that it is waited for. */
static void add_plain(const struct chain *chain, const struct whom *whom, struct culprits *out)
{
	struct culprit culprit = whom_culprit(whom);

	culprit.cycle = culprit.tid && culprit.tid == chain->loop->id.tid;
	/* the other end of one's own pipe: the target says so */
	if (culprit.pid == chain->loop->id.pid && !culprit.cycle && culprit.kind == CULPRIT_PEER)
		culprit_clear(&culprit);
	else
		culprits_add(out, &culprit);
}

/* Is the slice of the block that is observed; of a wait in rounds, of any of them since? */
static bool is_of(const struct loop *loop, uint64_t since_ns, const struct slice *slice)
{
	const struct observation *observation = loop->observation;

	if (!observation->in_rounds)
		return since_ns == observation->since_ns;
	return since_ns >= observation->since_ns && collected_is(loop, observation->turn_seq) &&
	       slice->cause == observation->cause;
}

void observation_fill(struct loop *loop, uint64_t since_ns, uint64_t until_ns, bool ended,
		      struct slice *slice)
{
	struct observation *observation = loop->observation;
	struct chain chain = { .loop = loop,
			       .observation = observation,
			       .waker = &slice->waker,
			       .until_ns = until_ns };

	if (!observation || until_ns < since_ns || !is_of(loop, since_ns, slice) ||
	    (observation->nr && !observation->seen_ns))
		return;
	for (size_t i = 0; i < observation->waits_for.nr; i++) {
		const struct whom *whom = &observation->waits_for.v[i];
		const struct culprit plain = { .pid = whom->pid, .tid = whom->tid };
		int at = find_behind(observation, -1, &plain);

		if (at >= 0)
			build(&chain, at, &slice->culprits);
		else
			add_plain(&chain, whom, &slice->culprits);
	}
	if (observation->in_rounds)
		scale(&slice->culprits, slice->ns, until_ns - observation->since_ns);
	culprits_sort(&slice->culprits);
	observation->filled |= ended;
}

/* Who ended the wait for a file, if it is known, is who answered for it, or gave the lock back. */
static void add_waker(const struct loop *loop, enum culprit_kind kind, struct slice *slice)
{
	struct culprit culprit = {
		.kind = kind,
		.pid = slice->waker.pid,
		.tid = slice->waker.tid,
	};

	if (!culprit.pid || culprit.tid == loop->id.tid)
		return;
	memcpy(culprit.comm, slice->waker.comm, sizeof(culprit.comm));
	culprits_add(&slice->culprits, &culprit);
}

void observation_late(struct engine *engine, const struct loop *loop,
		      const struct bp_capture *capture, struct slice *slice)
{
	const struct blocked blocked = { loop->id.pid, loop->id.tid, capture, slice };
	bool locks = whom_locks_file(capture);
	struct whoms whoms = { .nr = 0 };

	if (slice->cause != CAUSE_FILE && slice->cause != CAUSE_FAULT)
		return;
	/* a lock is someone else's by now */
	if (!locks)
		whoms_find(engine, &blocked, &whoms);
	else if (!(capture->block.flags & BP_BLOCK_TRY_LOCK))
		add_waker(loop, CULPRIT_OWNER, slice);
	for (size_t i = 0; i < whoms.nr; i++) {
		struct culprit culprit = whom_culprit(&whoms.v[i]);

		culprits_add(&slice->culprits, &culprit);
	}
}
