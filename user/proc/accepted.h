/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accepted.h - connections that a process has accepted and does not wait for together with its listening sockets. */
#ifndef BLOCKPROF_PROC_ACCEPTED_H
#define BLOCKPROF_PROC_ACCEPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct memory;

/* Whether a descriptor of the process is one of those that it waits for. */
typedef bool accepted_waits_fn(void *context, int fd);

/*
 * Does the process have a connection that came by a listening socket for which it
 * waits, and for which it does not wait? false also where that cannot be seen: too
 * many descriptors.
 */
bool accepted_apart(const struct memory *target, accepted_waits_fn *waits, void *context);
/* Are the sockets for which it waits all listening ones, and is there any? false also where that cannot be seen. */
bool accepted_only_listens(const struct memory *target, accepted_waits_fn *waits, void *context);

#endif
