// SPDX-License-Identifier: GPL-2.0-or-later
/* request_worker.c - whether a loop takes connections on that it does not wait for. */
#include "stall/loops/request_worker.h"

#include <sys/syscall.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "proc/accepted.h"
#include "proc/epoll.h"
#include "runtime/poll_core.h"
#include "runtime/runtime.h"
#include "stall/loops/looks.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define EPOLLS_MAX    16
#define LOOK_EVERY_NS (100 * NS_PER_MS)
#define EARLY_ASKS    16 /* in turns that are no stalls yet: some connections are served quickly */

struct wait {
	struct memory memory; /* the process's */
	int epoll_fd; /* any number: that is what it calls with, whether it has such a descriptor or not */
	const struct poll_core *core; /* NULL: it does not poll */
	struct poll_core now; /* what it polls in the turn */
};

static bool waits_for(void *context, int fd)
{
	const struct wait *wait = context;

	return wait->core ? poll_core_has(wait->core, fd)
			  : epoll_has(&wait->memory, wait->epoll_fd, fd);
}

static bool waits_now_for(void *context, int fd)
{
	const struct wait *wait = context;

	return poll_core_has(&wait->now, fd);
}

static struct accepted look(struct wait *wait)
{
	const struct accepted_asks asks = { waits_for, waits_now_for, wait };
	struct accepted accepted;

	accepted_look(&wait->memory, &asks, &accepted);
	return accepted;
}

/* Polls that have had connections among their descriptors are those of a server of many. */
static bool polls_listeners(const struct poll_core *core)
{
	return core && core->listens && !core->connected;
}

/* Its epoll instance has one socket: the one that listens, if it accepts there. */
static bool has_one_socket(const struct memory *target, int epoll_fd)
{
	struct epoll epolls[EPOLLS_MAX];
	int nr = epoll_list(target, epolls, EPOLLS_MAX);

	for (int i = 0; i < nr; i++)
		if (epolls[i].fd == epoll_fd)
			return epolls[i].sockets == 1;
	return false;
}

static bool is_accept(int syscall)
{
	return syscall == SYS_accept || syscall == SYS_accept4;
}

/* Another one was faster, and it waits for the next connection: with none it is what it was. */
static bool is_accepting(const struct engine *engine, const struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	const struct bp_slice *slice = probe_slice(engine->probe, loop->slot);

	return slot->state == BP_BLOCKED && is_accept(slice->capture.block.syscall);
}

bool request_worker_ask(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	const struct bp_slice *slice = probe_slice(engine->probe, loop->slot);
	struct wait wait = { .memory = state_memory(engine, loop->id.pid) };
	uint64_t now_ns = probe_now_ns(), began_ns = clock_now_ns();
	struct accepted accepted;

	if (loop->worker.known || loop->worker.keeps || !loop->runtime ||
	    !loop->runtime->by_habit || !watched || loop->worker.asked_seq == slot->turn_seq ||
	    !look_is_granted(engine, loop, watched, now_ns))
		return loop->worker.known;
	loop->worker.asked_seq = slot->turn_seq;
	loop->worker.asked++;
	wait.epoll_fd = (int)slot->wait_id;
	if (slot->wait_class != BP_WAIT_EPOLL) {
		wait.core = watched_core(watched, loop->id.tid);
		if (!polls_listeners(wait.core))
			return false;
	}
	if (slot->state == BP_BLOCKED)
		poll_core_learn_block(&wait.now, &wait.memory, &slice->capture.block);
	accepted = look(&wait);
	look_pay(watched, now_ns, began_ns);
	loop->worker.keeps = accepted.kept;
	loop->worker.known = accepted.apart && !accepted.kept;
	/* in a turn, and has no connection apart: it is no such worker, but a server */
	if (!loop->worker.known && !accepted.unready && !is_accepting(engine, loop)) {
		loop->worker.sure = true;
		if (loop->doubt == DOUBT_HABIT)
			loop->doubt = DOUBT_NONE;
	}
	return loop->worker.known;
}

void request_worker_weigh(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct wait wait = { .memory = state_memory(engine, loop->id.pid),
			     .epoll_fd = (int)slot->wait_id };
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	uint64_t began_ns = clock_now_ns();
	struct accepted accepted;

	if (!loop->runtime || !loop->runtime->by_habit || loop->worker.sure || !watched ||
	    slot->wait_class != BP_WAIT_EPOLL || now_ns < loop->worker.next_ns ||
	    !look_is_granted(engine, loop, watched, now_ns))
		return;
	loop->worker.next_ns = now_ns + LOOK_EVERY_NS;
	accepted = look(&wait);
	look_pay(watched, now_ns, began_ns);
	loop->worker.keeps |= accepted.kept;
	loop->worker.sure = !accepted.only_listens;
	if (loop->doubt == DOUBT_NONE && !loop->worker.sure)
		loop->doubt = DOUBT_HABIT;
	else if (loop->doubt == DOUBT_HABIT && loop->worker.sure)
		loop->doubt = DOUBT_NONE;
}

bool request_worker_accepts(struct engine *engine, struct loop *loop, int syscall)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	const struct memory memory = state_memory(engine, loop->id.pid);
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	if (!loop->runtime || !loop->runtime->by_habit || !watched || !is_accept(syscall))
		return false;
	if (slot->wait_class == BP_WAIT_EPOLL)
		loop->worker.known |= has_one_socket(&memory, (int)slot->wait_id);
	else
		loop->worker.known |= polls_listeners(watched_core(watched, loop->id.tid));
	return loop->worker.known;
}

void request_worker_look(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!loop->runtime || !loop->runtime->by_habit)
		return;
	request_worker_weigh(engine, loop, now_ns);
	if (loop->worker.asked < EARLY_ASKS && slot->in_turn && slot->state != BP_WAITING &&
	    now_ns > slot->turn_start_ns + engine->old_ns)
		request_worker_ask(engine, loop);
}

bool is_request_worker(const struct loop *loop)
{
	return loop->worker.known;
}
