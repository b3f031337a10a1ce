// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/loops/relearn.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "proc/process.h"
#include "runtime/program.h"
#include "runtime/runtime.h"

#define STRANGE_MAX 16

void relearn_as(struct bp_slot *slot, const struct bp_block *block)
{
	slot->wait_id = block->wait_id;
	__atomic_store_n(&slot->wait_class, block->wait_class, __ATOMIC_RELEASE);
}

/* The loop's own epoll instance or ring has been closed: its loop is another one now. */
static bool own_is_closed(const struct loop *loop, const struct bp_slot *slot)
{
	char *path __freeing = NULL;

	if (slot->wait_class != BP_WAIT_EPOLL && slot->wait_class != BP_WAIT_URING)
		return false;
	path = process_fd_path(loop->id.pid, (int)slot->wait_id);
	return path ? !starts_with(path, "anon_inode:")
		    : errno == ENOENT && process_kind(loop->id.pid, NULL) == PROCESS_NORMAL;
}

/*
 * A main loop that GLib runs from elsewhere (a dialog's) polls at another call
 * site, again and again, and serves the same sources; a call that waits for one
 * answer polls there once or twice.
 */
static bool is_main_loop(struct loop *loop, struct watched *watched,
			 const struct bp_capture *capture)
{
	const char *caller;

	if (strcmp(loop->id.runtime, runtime_glib.name) || capture->since_ns == loop->strange_ns)
		return false;
	if (capture->turn_seq != loop->strange_seq || capture->block.wait_id != loop->strange_id)
		loop->strange = 0;
	loop->strange_seq = capture->turn_seq;
	loop->strange_id = capture->block.wait_id;
	loop->strange_ns = capture->since_ns;
	if (++loop->strange < STRANGE_MAX)
		return false;
	caller = program_caller(watched->program, capture->block.sp);
	return caller && starts_with(base_name(caller), "libglib-");
}

bool relearn(struct loop *loop, struct watched *watched, struct bp_slot *slot,
	     const struct bp_capture *capture)
{
	if (!loop->id.runtime || !slot->wait_class ||
	    capture->block.wait_class != slot->wait_class ||
	    capture->block.flags & BP_BLOCK_EARLIER)
		return false;
	if (!own_is_closed(loop, slot) && !is_main_loop(loop, watched, capture))
		return false;
	relearn_as(slot, &capture->block);
	return true;
}
