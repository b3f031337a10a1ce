// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handed_over.c - a loop that is no longer its thread's: its epoll instance was handed
 * to another thread, or closed. Only asked of loops known by their habit alone,
 * when a turn of theirs would be a stall: the habit may have ended with it.
 */
#include "stall/loops/handed_over.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"

/* Another thread of the process has slept in the same wait since then, or does: it serves the loop. */
static bool is_served(const struct engine *engine, const struct loop *loop, uint64_t wait_id,
		      uint64_t since_ns)
{
	for_each_loop (engine->loops, other) {
		const struct bp_slot *slot = probe_slot(engine->probe, other->slot);

		if (other != loop && other->id.pid == loop->id.pid && other->runtime &&
		    slot->wait_class == BP_WAIT_EPOLL && slot->wait_id == wait_id &&
		    (slot->state == BP_WAITING || slot->slept_ns > since_ns))
			return true;
	}
	return false;
}

/* The descriptor stands for something else now, or for nothing, while the process goes on. */
static bool is_closed(pid_t pid, uint64_t fd)
{
	__freeing char *own = process_fd_path(pid, (int)fd);
	__freeing char *cwd = process_cwd(pid);

	return cwd && (!own || !strstr(own, "[eventpoll]"));
}

bool is_handed_over(const struct engine *engine, const struct loop *loop, uint64_t since_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!loop->runtime || !loop->runtime->by_habit || slot->wait_class != BP_WAIT_EPOLL)
		return false;
	return is_served(engine, loop, slot->wait_id, since_ns) ||
	       is_closed(loop->id.pid, slot->wait_id);
}
