/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox.h - takes everything from a process but memory, one socket and the files it is sent. */
#ifndef BLOCKPROF_BASE_SANDBOX_H
#define BLOCKPROF_BASE_SANDBOX_H

#include <sys/types.h>

/*
 * Nobody else's: distributions and systemd give out 65520 to 65533 to no one
 * (UIDS-GIDS.md), while other services do run as 65534.
 */
#define SANDBOX_UID    65529
#define SANDBOX_SOCKET 3 /* where the socket is then */
#define SANDBOX_FILES  256 /* open at a time, all told */

/*
 * Called in a fresh child of parent. 0, or -errno: then the process must not go
 * on. Another uid and no_paths() are where that is allowed, the rest is a must.
 */
int sandbox_enter(int socket, pid_t parent);

#endif
