/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perfetto_packets.h - the packets of a trace: one sequence of them, its clocks, its
 * tracks, and events on these. All functions that return a number give 0 or -errno.
 */
#ifndef BLOCKPROF_OUTPUT_PERFETTO_PACKETS_H
#define BLOCKPROF_OUTPUT_PERFETTO_PACKETS_H

#include "model/model.h"
#include "perfetto.pb-c.h"

/* Of Perfetto's TrackEvent. */
#define PERFETTO_INSTANT 3

struct perfetto_packets;
struct sink;

int perfetto_packets_new(struct perfetto_packets **out, struct sink *sink);
void perfetto_packets_free(struct perfetto_packets *packets);

/* One moment: CLOCK_MONOTONIC, CLOCK_REALTIME, and CLOCK_BOOTTIME or 0, which is not known. */
struct perfetto_clocks {
	uint64_t mono_ns;
	uint64_t time_ns;
	uint64_t boot_ns;
};

/*
 * Records of this host (NULL: not known) follow. The first ones say what the trace's
 * clocks are; those of another machine, or of another boot, are put among them by
 * the time of day.
 */
int perfetto_host(struct perfetto_packets *packets, const char *host,
		  const struct perfetto_clocks *clocks);
/* In the trace's clock. */
uint64_t perfetto_time(const struct perfetto_packets *packets, uint64_t mono_ns);
bool perfetto_has_begun(const struct perfetto_packets *packets);

/* Tracks; what is known of it is written where it has not been. *uuid names it. */
int perfetto_process_track(struct perfetto_packets *packets, pid_t pid, const char *name,
			   uint64_t *uuid);
int perfetto_thread_track(struct perfetto_packets *packets, const struct party *party,
			  uint64_t *uuid);
/* within: of a track, or 0: the trace, where kind and number tell it from others. */
struct perfetto_track {
	uint64_t within;
	const char *kind;
	uint64_t number;
	const char *name; /* foreign bytes; as it was first seen */
	bool counter;
	unsigned int unit; /* of a counter: 1: ns, 2: a number of something */
	const char *unit_name;
};
int perfetto_track(struct perfetto_packets *packets, const struct perfetto_track *track,
		   uint64_t *uuid);

/* Writes an event. stack: what it has, for its callstack_weight; instead: a frame where there is none; NULL: none. */
struct perfetto_stack {
	const struct stack *stack;
	const char *instead;
};
int perfetto_event(struct perfetto_packets *packets, uint64_t mono_ns, Perfetto__TrackEvent *event,
		   const struct perfetto_stack *stack);

#endif
