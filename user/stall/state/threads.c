// SPDX-License-Identifier: GPL-2.0-or-later
/* threads.c - how threads are noted that were made after their process was looked at. */
#include "stall/state/threads.h"

#include "probe/probe.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

static void note(void *context, const struct bp_watched_snapshot *info)
{
	struct watched *watched = context;

	if ((pid_t)info->tgid == watched->pid && !info->own)
		watched_note_thread(watched, info->tid, info->pthread);
}

void threads_note(struct engine *engine, struct watched *watched)
{
	probe_iterate_process(engine->probe, watched->pid, note, watched);
}
