// SPDX-License-Identifier: GPL-2.0-or-later
/* chain.c - what those did that a block waited for, each with whom it waited for in turn. */
#include <string.h>

#include "base/clock.h"
#include "stall/peers/choose.h"
#include "stall/peers/observation.h"
#include "stall/peers/observe.h"
#include "stall/state/loop.h"

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

static int find_behind(const struct observation *observation, int at, pid_t pid)
{
	for (size_t i = 0; i < observation->nr; i++)
		if (observation->behind[i] == at && observation->v[i]->pid == pid)
			return (int)i;
	return -1;
}

/* The comm of a process on the way to at, whose number this is; NULL: it is none of them. */
static const char *on_the_way(const struct chain *chain, int at, pid_t pid)
{
	for (; at >= 0; at = chain->observation->behind[at])
		if (chain->observation->v[at]->pid == pid)
			return chain->observation->v[at]->comm;
	return pid == chain->loop->id.pid ? chain->loop->id.comm : NULL;
}

static void add_behind(const struct chain *chain, int at, struct culprit *culprit)
{
	pid_t pid = culprit->target.peer_pid;
	int behind = find_behind(chain->observation, at, pid);
	const char *comm = on_the_way(chain, at, pid);

	if (!pid || (culprit->idle && culprit->cause == CAUSE_POLL))
		return;
	if (behind >= 0) {
		build(chain, behind, &culprit->culprits);
	} else if (comm && observation_depth(chain->observation, at) < CULPRITS_DEPTH) {
		struct culprit cycle = { .kind = CULPRIT_PEER, .pid = pid, .cycle = true };

		memcpy(cycle.comm, comm, sizeof(cycle.comm));
		culprits_add(&culprit->culprits, &cycle);
	}
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
			 struct culprits *out)
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
		    (thread->running && culprit->cause == CAUSE_CPU)) {
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
	struct observed *observed = chain->observation->v[at];
	const struct observed_thread *thread;
	size_t before = out->nr;

	if (observed->kind == CULPRIT_OWNER) {
		for (size_t i = 0; i < observed->nr_threads; i++)
			build_thread(chain, at, &observed->threads[i], out);
	} else {
		thread = choose_thread(observed,
				       chain->observation->behind[at] < 0 ? chain->waker : NULL);
		if (thread)
			build_thread(chain, at, thread, out);
	}
	if (out->nr == before && observed->kind == CULPRIT_PEER) {
		struct culprit silent = { .kind = CULPRIT_PEER, .pid = observed->pid };

		memcpy(silent.comm, observed->comm, sizeof(silent.comm));
		culprits_add(out, &silent);
	}
}

void observation_fill(struct loop *loop, uint64_t since_ns, uint64_t until_ns, bool ended,
		      struct slice *slice)
{
	struct chain chain = { .loop = loop,
			       .observation = loop->observation,
			       .waker = &slice->waker,
			       .until_ns = until_ns };

	if (!loop->observation || loop->observation->since_ns != since_ns ||
	    !loop->observation->seen_ns || until_ns < since_ns)
		return;
	for (size_t i = 0; i < loop->observation->nr; i++)
		if (loop->observation->behind[i] < 0)
			build(&chain, (int)i, &slice->culprits);
	culprits_sort(&slice->culprits);
	loop->observation->filled |= ended;
}
