/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.h - who is at the other end of a descriptor that had become ready. */
#ifndef BLOCKPROF_CAPTURE_CLIENT_H
#define BLOCKPROF_CAPTURE_CLIENT_H

#include <sys/types.h>

#include "bpf/abi.h"
#include "capture/classify.h"
#include "model/impact.h"

/*
 * How long it waited, by ticks, at the end of a turn of ns: within half a tick to a
 * tick. -1: not known.
 */
int64_t client_late_ns(unsigned int ticks, uint64_t ns);
/* At the end of a turn of ns. Nothing is looked up. */
void client_fill(const struct bp_client *from, uint64_t ns, struct impact_client *client);
/* Which process of this machine it is, that waited for process pid. */
void client_find(const struct classify *with, pid_t pid, const struct bp_client *from,
		 struct impact_client *client);

#endif
