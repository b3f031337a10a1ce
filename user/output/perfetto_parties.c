// SPDX-License-Identifier: GPL-2.0-or-later
/* perfetto_parties.c - which of the threads that have to do with a wait are shown, and as what. */
#include "output/perfetto_parties.h"

#include <string.h>

#include "base/number.h"

/* A moment of who ended a wait, on its own track, from which a flow leads to the wait. */
static int write_party(struct perfetto_packets *packets, uint64_t mono_ns,
		       const struct party *party, const char *name, uint64_t *flow)
{
	const struct perfetto_stack stack = { party->stack, "[unknown]" };
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	uint64_t uuid;
	int err = perfetto_thread_track(packets, party, &uuid);

	if (err)
		return err;
	event.type = PERFETTO_INSTANT;
	event.track_uuid = uuid;
	event.name = (char *)name;
	event.flow_ids = flow;
	event.n_flow_ids = 1;
	/* its stack is no time that was lost here */
	return perfetto_event(packets, mono_ns, &event, party->stack ? &stack : NULL);
}

static bool same_party(const struct party *a, const struct party *b)
{
	return a->pid == b->pid && a->tid == b->tid;
}

int perfetto_parties(struct perfetto_packets *packets, const struct timeline_event *end,
		     uint64_t *seen, uint64_t flows[FLOWS_MAX])
{
	const struct slice *slice = end->slice;
	struct party parties[FLOWS_MAX] = { slice->waker, slice->holder };
	static const char *const names[] = { "wakes", "held it", "was waited for" };
	int nr = 0;

	if (slice->culprits.nr) {
		const struct culprit *first = &slice->culprits.v[0];

		parties[2] = (struct party){ .pid = first->pid,
					     .tid = first->tid,
					     .stack = first->stack };
		memcpy(parties[2].comm, first->comm, sizeof(first->comm));
	}
	for (int i = 0; i < FLOWS_MAX; i++) {
		bool is_new = parties[i].pid > 0;
		int err;

		for (int k = 0; k < i; k++)
			is_new &= !same_party(&parties[i], &parties[k]);
		if (!is_new)
			continue;
		flows[nr] = hash_bytes(HASH_START, seen, sizeof(*seen));
		++*seen;
		err = write_party(packets, end->mono_ns, &parties[i], names[i], &flows[nr]);
		if (err)
			return err;
		nr++;
	}
	return nr;
}
