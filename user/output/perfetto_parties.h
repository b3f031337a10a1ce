/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perfetto_parties.h - who ended a wait, as moments on their own tracks, from which flows lead. */
#ifndef BLOCKPROF_OUTPUT_PERFETTO_PARTIES_H
#define BLOCKPROF_OUTPUT_PERFETTO_PARTIES_H

#include "output/perfetto_packets.h"
#include "output/timeline.h"

#define FLOWS_MAX 3

/*
 * Writes who ended the longest part of a slice, each thread once: whose waker it was,
 * who held what it waited for, who was waited for. *seen: how many flows there were.
 * How many flows are to end in its end, or -errno.
 */
int perfetto_parties(struct perfetto_packets *packets, const struct timeline_event *end,
		     uint64_t *seen, uint64_t flows[FLOWS_MAX]);

#endif
