/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch.h - COMMAND: started as the user who called, held until it is watched. */
#ifndef BLOCKPROF_RUN_LAUNCH_H
#define BLOCKPROF_RUN_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
	pid_t pid;
	int gate; /* a byte lets it go on; when it is closed, it ends */
	int failure; /* gives an errno if it cannot be executed */
};

struct caller;

/*
 * Makes a child that will execute argv, as that user, but waits before it does.
 * If this process ends, so does the child. 0 or -errno.
 */
int launch_hold(struct launch *launch, char **argv, const struct caller *caller);
/*
 * Lets it execute argv. 0, or the -errno with which it could not. executed: it was
 * tried; else it could not become the caller, which is not the program's fault.
 */
int launch_go(struct launch *launch, bool *executed);
/* It ends without executing anything. */
void launch_abandon(struct launch *launch);

#endif
