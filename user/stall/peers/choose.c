// SPDX-License-Identifier: GPL-2.0-or-later
/* choose.c - which of a process's threads is the one that was waited for. */
#include "stall/peers/choose.h"

#define LEAST_PERCENT 2 /* what counts less of the time is left out */
/* Of the time, that one of several threads did something that is no wait. */
#define CERTAIN_PERCENT 50
#define PASSING_PERCENT 10 /* so much else may one do that only passes on */
#define CERTAIN_TIMES	3 /* as long as any other */

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

static uint64_t busy_ns(const struct observed_thread *thread)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < thread->did.nr; i++)
		if (!may_be_rest(&thread->did.v[i]))
			sum += thread->did.v[i].ns;
	return sum;
}

static bool was_idle(const struct observed_thread *thread)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < thread->did.nr; i++)
		if (thread->did.v[i].idle)
			sum += thread->did.v[i].ns;
	return thread->did.nr && sum * 100 >= sum_of(&thread->did) * (100 - LEAST_PERCENT);
}

/* The one that did something which is no wait for work, if that is plain. */
static struct observed_thread *busiest(const struct observed *observed, uint64_t passed_ns)
{
	struct observed_thread *most = NULL;
	uint64_t most_ns = 0, next_ns = 0;

	for (size_t i = 0; i < observed->nr_threads; i++) {
		uint64_t ns = busy_ns(&observed->threads[i]);

		if (ns > most_ns) {
			next_ns = most_ns;
			most_ns = ns;
			most = &observed->threads[i];
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
static struct observed_thread *only_one(const struct observed *observed)
{
	struct observed_thread *idle = NULL, *other = NULL;
	size_t nr_others = 0;

	for (size_t i = 0; i < observed->nr_threads; i++) {
		struct observed_thread *thread = &observed->threads[i];

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

/* Nothing but waits for other threads of its process, as whoever only passes on what those do. */
static bool passes_on(const struct observed_thread *thread)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < thread->did.nr; i++)
		if (thread->did.v[i].cause == CAUSE_LOCK && !thread->did.v[i].culprits.nr)
			sum += thread->did.v[i].ns;
	return sum * 100 >= sum_of(&thread->did) * (100 - PASSING_PERCENT);
}

static uint64_t seen_for(const struct observed *observed)
{
	uint64_t passed_ns = 0;

	for (size_t i = 0; i < observed->nr_threads; i++)
		if (observed->threads[i].seen_ns - observed->since_ns > passed_ns &&
		    observed->threads[i].seen_ns)
			passed_ns = observed->threads[i].seen_ns - observed->since_ns;
	return passed_ns;
}

struct observed_thread *choose_thread(struct observed *observed, const struct party *waker,
				      enum culprit_doubt *doubt)
{
	struct observed_thread *thread = NULL, *busy;

	/* who ended the wait is who was waited for */
	if (waker && waker->pid == observed->pid)
		thread = observed_find_thread(observed, waker->tid);
	if (thread && thread->did.nr && !passes_on(thread))
		return thread;
	if (observed->more_threads || (observed->not_tid && !thread))
		return thread;
	busy = busiest(observed, seen_for(observed));
	if (thread && thread->did.nr) {
		*doubt = busy ? CULPRIT_ONE_OF_SEVERAL : *doubt;
		return busy ? busy : thread;
	}
	return busy ? busy : only_one(observed);
}
