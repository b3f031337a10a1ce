// SPDX-License-Identifier: GPL-2.0-or-later
/* threads.c - how threads are noted that were made after their process was looked at. */
#include "stall/state/threads.h"

#include "probe/probe.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

static void note(void *context, const struct bp_watched_snapshot *snapshot)
{
	struct watched *watched = context;

	if ((pid_t)snapshot->tgid == watched->pid && !snapshot->own)
		watched_note_thread(watched, snapshot->tid, snapshot->pthread);
}

void threads_note(struct engine *engine, struct watched *watched)
{
	probe_iterate_process(engine->probe, watched->pid, note, watched);
}
