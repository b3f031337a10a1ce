// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handed.c - a loop that is no longer its thread's: its epoll instance was handed
 * to another thread, or closed. Only asked of loops known by their habit alone,
 * when a turn of theirs would be a stall: the habit may have ended with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proc/process.h"
#include "stall/engine_private.h"

/* Another thread of the process has slept in the same wait since then, or does: it serves the loop. */
static bool is_served(const struct engine *engine, const struct loop *loop, uint64_t wait_id,
		      uint64_t since_ns)
{
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		const struct loop *other = engine->loops[i];
		const struct bp_slot *slot = probe_slot(engine->probe, i);

		if (other && other != loop && other->id.pid == loop->id.pid && other->id.runtime &&
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

bool handed_over(const struct engine *engine, const struct loop *loop, uint64_t since_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (!loop->id.runtime || strcmp(loop->id.runtime, runtime_generic.name) ||
	    slot->wait_class != BP_WAIT_EPOLL)
		return false;
	return is_served(engine, loop, slot->wait_id, since_ns) ||
	       is_closed(loop->id.pid, slot->wait_id);
}
