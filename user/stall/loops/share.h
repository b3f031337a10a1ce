/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share.h - how many of the slots one process, one user or one cgroup may have. */
#ifndef BLOCKPROF_STALL_LOOPS_SHARE_H
#define BLOCKPROF_STALL_LOOPS_SHARE_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/blind.h"

struct bp_bind;
struct engine;
struct watched;

/* Slots that are given out or asked for: all, and those of who asks. Begins zeroed. */
struct share_taken {
	unsigned int all;
	unsigned int process;
	unsigned int user;
	unsigned int cgroup;
};

/* Tells the kernel side with whom the process shares the ring buffer and the room for stack copies. */
void share_name(struct watched *watched, struct bp_bind *request);
/* One more is process pid's. */
void share_count(struct engine *engine, struct watched *asking, pid_t pid,
		 struct share_taken *taken);
/*
 * Whether a further loop of the process may have a slot. taken: what is asked for, and not given
 * out yet. *blind: what is to be noted; BLIND_NR: nothing.
 */
bool share_allows(struct engine *engine, struct watched *asking, struct share_taken taken,
		  enum blind *blind);

#endif
