// SPDX-License-Identifier: GPL-2.0-or-later
/* own_wait.c - what a loop's own wait may turn into while the loop lasts. */
#include "stall/loops/own_wait.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/program.h"
#include "stall/state/loop.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define SITE_TIMES 16 /* in a row at another call site, in one turn */

static void learn_wait(struct bp_slot *slot, const struct bp_block *block)
{
	slot->wait_id = block->wait_id;
	__atomic_store_n(&slot->wait_class, block->wait_class, __ATOMIC_RELEASE);
}

/* The loop's own epoll instance or ring has been closed: its loop is another one now. */
static bool is_closed(const struct loop *loop, const struct bp_slot *slot)
{
	char *path __freeing = NULL;

	if (slot->wait_class != BP_WAIT_EPOLL && slot->wait_class != BP_WAIT_URING)
		return false;
	path = process_fd_path(loop->id.pid, (int)slot->wait_id);
	return path ? !starts_with(path, "anon_inode:")
		    : errno == ENOENT && process_kind(loop->id.pid, NULL) == PROCESS_NORMAL;
}

/*
 * A main loop that is run from elsewhere (a dialog's) polls at another call site,
 * again and again, and serves the same sources; a call that waits for one answer
 * polls there once or twice.
 */
static bool is_served_elsewhere(struct loop *loop, struct program *program,
				const struct bp_capture *capture)
{
	const char *library = loop->runtime->many_sites_library, *caller;
	struct other_site *site = &loop->other_site;

	if (!library || capture->since_ns == site->last_ns)
		return false;
	if (capture->turn_seq != site->seq || capture->block.wait_id != site->id)
		site->times = 0;
	site->seq = capture->turn_seq;
	site->id = capture->block.wait_id;
	site->last_ns = capture->since_ns;
	if (++site->times < SITE_TIMES)
		return false;
	caller = program_caller(program, capture->block.sp);
	return caller && starts_with(base_name(caller), library);
}

/* What can be said of a loop that is known by its calls alone. */
static enum other_wait ask_by_call(struct loop *loop, struct program *program,
				   const struct bp_slot *slot, const struct bp_capture *capture)
{
	if (!slot->wait_class || capture->block.wait_class != slot->wait_class)
		return OTHER_WAIT_NONE;
	return is_closed(loop, slot) || is_served_elsewhere(loop, program, capture)
		       ? OTHER_WAIT_OWN
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
	wait = loop->runtime->other_wait ? loop->runtime->other_wait(&moment)
					 : ask_by_call(loop, moment.program, slot, capture);
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
