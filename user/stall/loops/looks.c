// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * looks.c - what may be spent on going through a process, and what of one look holds
 * for all of its loops.
 */
#include "stall/loops/looks.h"

#include <stdlib.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "proc/epoll.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define TIMES	  20 /* so many times what a look took has to pass: a twentieth of the time... */
#define CREDIT_NS NS_PER_SEC /* ...but for so much */
#define FRESH_NS  (20 * NS_PER_MS) /* who waits is who waited then */

bool look_is_left(const struct watched *watched, uint64_t now_ns)
{
	return watched->looks.paid_until_ns <= now_ns + CREDIT_NS;
}

/* Once for a turn: it is asked for in each tick. */
bool look_is_granted(struct engine *engine, struct loop *loop, const struct watched *watched,
		     uint64_t now_ns)
{
	uint64_t seq = probe_slot(engine->probe, loop->slot)->turn_seq;

	if (look_is_left(watched, now_ns))
		return true;
	engine->lost[LOSS_LOOKS_REFUSED] += loop->refused_seq != seq;
	loop->refused_seq = seq;
	return false;
}

void look_pay(struct watched *watched, uint64_t now_ns, uint64_t began_ns)
{
	struct watched_looks *looks = &watched->looks;

	if (looks->paid_until_ns < now_ns)
		looks->paid_until_ns = now_ns;
	looks->paid_until_ns += TIMES * (clock_now_ns() - began_ns);
}

static void see_waiters(const struct memory *memory, struct watched *watched, uint64_t now_ns)
{
	struct watched_looks *looks = &watched->looks;
	uint64_t began_ns = clock_now_ns();

	if (!looks->waiters)
		looks->waiters = calloc(EPOLL_WAITERS_MAX, sizeof(*looks->waiters));
	looks->nr_waiters = looks->waiters ? epoll_waiters(memory, looks->waiters) : 0;
	looks->seen_ns = now_ns;
	look_pay(watched, now_ns, began_ns);
}

bool look_others_wait(struct engine *engine, struct loop *loop, uint64_t since_ns)
{
	const int fd = (int)probe_slot(engine->probe, loop->slot)->wait_id;
	const struct memory memory = state_memory(engine, loop->id.pid);
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	uint64_t now_ns = probe_now_ns();

	if (!watched)
		return epoll_others_wait(&memory, loop->id.tid, fd);
	if ((watched->looks.seen_ns < since_ns || now_ns - watched->looks.seen_ns > FRESH_NS) &&
	    look_is_granted(engine, loop, watched, now_ns))
		see_waiters(&memory, watched, now_ns);
	for (size_t i = 0; i < watched->looks.nr_waiters; i++) {
		const struct epoll_waiter *waiter = &watched->looks.waiters[i];

		if (waiter->fd == fd && waiter->tid != loop->id.tid)
			return true;
	}
	return false;
}
