/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch.h - COMMAND: started as the user who called, held until it is watched. */
#ifndef BLOCKPROF_RUN_LAUNCH_H
#define BLOCKPROF_RUN_LAUNCH_H

#include <sys/types.h>

struct launch {
	pid_t pid;
	int gate; /* a byte: it goes on; closed: it ends */
	int failure; /* an errno comes out of it when it cannot be executed */
};

struct caller;

/*
 * A child that waits before it becomes argv, as that user; it ends when this
 * process does before that. 0 or -errno.
 */
int launch_hold(struct launch *launch, char **argv, const struct caller *caller);
/* Lets it go. 0, or the -errno with which it could not be executed. */
int launch_go(struct launch *launch);
/* It ends without having become anything. */
void launch_abandon(struct launch *launch);

#endif
