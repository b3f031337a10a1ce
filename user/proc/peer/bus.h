/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bus.h - who has a name on the system's message bus, as the bus says. */
#ifndef BLOCKPROF_PROC_PEER_BUS_H
#define BLOCKPROF_PROC_PEER_BUS_H

#include <sys/types.h>

/*
 * Asked for a process that calls this name at the socket with this path. Nothing is asked
 * of another bus than the system's: it may be anybody's. -ENOENT: it is not that bus, or
 * it knows none; -ETIMEDOUT: it did not say so at once.
 */
int bus_owner(pid_t asker, const char *path, const char *name, pid_t *owner);

#endif
