// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * missed.c - what records of processes would have said that were lost: /proc is asked
 * instead, of all that are watched.
 */
#include "stall/loops/missed.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "stall/loops/discover.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define ENDED_MAX 1024 /* in one go */

struct missed {
	const struct probe *probe;
	pid_t ended[ENDED_MAX];
	size_t nr_ended;
	bool again; /* there are more, or such as it is too early for */
	pid_t other[ENDED_MAX]; /* those that run another program */
	size_t nr_other;
};

static void look(void *context, struct watched *watched)
{
	struct missed *missed = context;
	/* what will say so may be among its records that are left */
	bool unread = probe_unread(missed->probe, watched->pid);
	enum process_kind kind = process_kind(watched->pid, NULL);
	char *exe __freeing = NULL;

	if (missed->nr_ended == ENDED_MAX || missed->nr_other == ENDED_MAX || unread) {
		missed->again = true;
		return;
	}
	if (kind == PROCESS_NONE || kind == PROCESS_THREAD || kind == PROCESS_ZOMBIE) {
		missed->ended[missed->nr_ended++] = watched->pid;
		return;
	}
	exe = process_exe(watched->pid);
	if (exe && watched->exe && !same_string(exe, watched->exe))
		missed->other[missed->nr_other++] = watched->pid;
}

bool missed_look(struct engine *engine)
{
	struct missed missed = { .probe = engine->probe };

	watched_each(engine->watched, look, &missed);
	for (size_t i = 0; i < missed.nr_ended; i++)
		discover_gone(engine, missed.ended[i]);
	for (size_t i = 0; i < missed.nr_other; i++)
		discover_other(engine, missed.other[i]);
	/* what a filter wants may have begun */
	discover_all(engine);
	return missed.again;
}
