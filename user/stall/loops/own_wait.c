// SPDX-License-Identifier: GPL-2.0-or-later
/* own_wait.c - what a loop's own wait may turn into while the loop lasts. */
#include "stall/loops/own_wait.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "probe/probe.h"
#include "proc/epoll.h"
#include "proc/process.h"
#include "stall/loops/request_worker.h"
#include "stall/state/loop.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define ALSO_TIMES 3 /* returns to a further source before it is the loop's, too */

static void learn_wait(struct bp_slot *slot, const struct bp_block *block)
{
	slot->wait_id = block->wait_id;
	slot->source = block->source;
	__atomic_store_n(&slot->wait_class, block->wait_class, __ATOMIC_RELEASE);
}

/* The loop's own epoll instance or ring has been closed: its loop is another one now. */
static bool is_another_now(const struct loop *loop, const struct bp_slot *slot)
{
	char *path __freeing = NULL;

	if (slot->wait_class != BP_WAIT_EPOLL &&
	    (slot->wait_class != BP_WAIT_URING || slot->wait_id & BP_RING_REGISTERED))
		return false;
	path = process_fd_path(loop->id.pid, (int)slot->wait_id);
	return path ? !starts_with(path, "anon_inode:")
		    : errno == ENOENT && process_kind(loop->id.pid, NULL) == PROCESS_NORMAL;
}

/* Positive: the block is further out on the stack than the loop's own wait. */
static int64_t further_out(const struct bp_slot *slot, const struct bp_block *block)
{
	return slot->wait_sp ? (int64_t)(block->sp - slot->wait_sp) : INT64_MIN;
}

/* As a client does that waits for an answer: where the compiler has put a callback into the loop, it is no further in. */
static bool polls_one_connection(const struct bp_capture *capture)
{
	const struct bp_object *object = &capture->object;

	if (capture->block.wait_class == BP_WAIT_SELECT) {
		/* the first one is the last */
		if (object->fd < 0 || (unsigned int)object->fd + 1 != object->nr_fds)
			return false;
	} else if (capture->block.wait_class != BP_WAIT_POLL || object->nr_fds != 1) {
		return false;
	}
	return object->kind == BP_OBJECT_PIPE ||
	       (object->kind == BP_OBJECT_SOCKET &&
		(object->socket.family == AF_UNIX || object->socket.peer_port));
}

/*
 * A loop may wait at two sources in turn. Only such calls count that are made no
 * further in than its own: what a callback waits for is a block.
 */
static bool is_also(struct loop *loop, struct bp_slot *slot, const struct bp_capture *capture)
{
	const struct bp_block *block = &capture->block;
	struct further_wait *further = &loop->further;
	uint64_t id = block->source ? block->source : block->wait_id;

	if (block->wait_class == BP_WAIT_FUTEX || slot->also_class ||
	    further_out(slot, block) < -BP_SITE_BYTES || capture->since_ns == further->last_ns ||
	    polls_one_connection(capture))
		return false;
	if (further->wait_class != block->wait_class || further->id != id)
		further->times = 0;
	further->wait_class = block->wait_class;
	further->id = id;
	further->last_ns = capture->since_ns;
	if (++further->times < ALSO_TIMES)
		return false;
	slot->also_id = block->wait_id;
	__atomic_store_n(&slot->also_class, block->wait_class, __ATOMIC_RELEASE);
	return true;
}

/* It waits for an instance that its own is in: whoever does serves that, too. */
static bool is_around(const struct engine *engine, const struct loop *loop, struct bp_slot *slot,
		      const struct bp_block *block)
{
	const struct memory memory = state_memory(engine, loop->id.pid);

	if (block->wait_class != BP_WAIT_EPOLL || slot->wait_class != BP_WAIT_EPOLL ||
	    block->wait_id == slot->wait_id ||
	    !epoll_has(&memory, (int)block->wait_id, (int)slot->wait_id))
		return false;
	slot->also_id = block->wait_id;
	__atomic_store_n(&slot->also_class, BP_WAIT_EPOLL, __ATOMIC_RELEASE);
	return true;
}

/* A poll further out than the one that is known: that one was made by a callback. */
static bool is_outermost(const struct bp_slot *slot, const struct bp_block *block)
{
	return bp_is_poll(block->wait_class) && slot->wait_class == block->wait_class &&
	       further_out(slot, block) > BP_SITE_BYTES;
}

static bool is_same_wait(const struct bp_slot *slot, const struct bp_block *block)
{
	int64_t by = further_out(slot, block);

	if (slot->wait_class != block->wait_class)
		return false;
	if (bp_is_poll(block->wait_class))
		return by >= -BP_SITE_BYTES && by <= BP_SITE_BYTES;
	return slot->wait_id == block->wait_id;
}

/* What can be said of a loop that is known by its calls alone. */
static enum other_wait ask_by_call(struct engine *engine, struct loop *loop, bool python,
				   struct bp_slot *slot, const struct bp_capture *capture)
{
	const struct bp_block *block = &capture->block;

	if (request_worker_accepts(engine, loop, block->syscall))
		return OTHER_WAIT_LEFT;
	/* after most turns it sleeps outside of what was taken for its loop: a call that waits for one answer */
	if (loop->runtime->by_habit && !loop->runtime->unread && !python &&
	    further_out(slot, block) > BP_OUTER_BYTES &&
	    further_out(slot, block) < BP_STACK_BYTES && ++loop->further.outer > slot->turns / 2)
		return OTHER_WAIT_LEFT;
	if (!slot->wait_class || !block->wait_class)
		return OTHER_WAIT_NONE;
	/* that it is the loop's was learnt while the record was on its way */
	if (is_same_wait(slot, block))
		return OTHER_WAIT_OWN;
	if (slot->also_class == BP_WAIT_EPOLL && block->wait_class == BP_WAIT_EPOLL &&
	    slot->also_id == block->wait_id)
		return OTHER_WAIT_ALSO;
	if (block->wait_class == slot->wait_class && is_another_now(loop, slot))
		return OTHER_WAIT_OWN;
	if (is_outermost(slot, block)) {
		slot->core_nr = 0;
		slot->core_wanted = 1;
		slot->wait_sp = block->sp;
		return OTHER_WAIT_OWN;
	}
	return is_around(engine, loop, slot, block) || is_also(loop, slot, capture)
		       ? OTHER_WAIT_ALSO
		       : OTHER_WAIT_NONE;
}

enum other_wait own_wait_ask(struct engine *engine, struct loop *loop,
			     const struct bp_capture *capture)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	enum other_wait wait;
	struct moment moment;

	if (!watched || !slot || !loop->runtime || capture->block.flags & BP_BLOCK_EARLIER)
		return OTHER_WAIT_NONE;
	moment = moment_of(engine, watched, loop->id.tid);
	moment.block = &capture->block;
	moment.stack = &capture->stack;
	wait = loop->runtime->other_wait
		       ? loop->runtime->other_wait(&moment)
		       : ask_by_call(engine, loop, moment.python != NULL, slot, capture);
	if (wait == OTHER_WAIT_PARK) {
		slot->park_id = capture->block.wait_id;
	} else if (wait == OTHER_WAIT_OWN) {
		slot->loop_object = 0;
		learn_wait(slot, &capture->block);
	}
	return wait;
}

bool own_wait_may_be_park(struct engine *engine, const struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	return watched && loop->runtime && loop->runtime->may_park &&
	       loop->runtime->may_park(&watched->pool);
}

bool own_wait_handed_on(struct engine *engine, const struct loop *loop,
			const struct bp_block *block)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct moment moment;

	if (!watched || !loop->runtime || !loop->runtime->handed_on)
		return false;
	moment = moment_of(engine, watched, loop->id.tid);
	moment.block = block;
	return loop->runtime->handed_on(&moment);
}
