// SPDX-License-Identifier: GPL-2.0-or-later
/* live.c - how memory is read that the kernel side writes at any moment. */
#include "stall/state/live.h"

#include <stdlib.h>
#include <string.h>

#include "probe/probe.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"

#define READ_TRIES 8

bool live_read(struct engine *engine, const struct loop *loop, struct live *live)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	const struct bp_slice *slice = probe_slice(engine->probe, loop->slot);

	for (int i = 0; i < READ_TRIES; i++) {
		struct bp_slot again;
		unsigned int seq = __atomic_load_n(&slice->capture.seq, __ATOMIC_ACQUIRE);

		memcpy(&live->slot, slot, sizeof(live->slot));
		memcpy(&live->slice, slice, sizeof(live->slice));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		memcpy(&again, slot, sizeof(again));
		if (!(seq & 1) && seq == __atomic_load_n(&slice->capture.seq, __ATOMIC_ACQUIRE) &&
		    !memcmp(&live->slot, &again, sizeof(again)))
			return true;
	}
	return false;
}

struct bp_capture *live_capture(struct engine *engine, const struct loop *loop)
{
	struct bp_capture *capture = malloc(sizeof(*capture));
	struct live live;

	if (!capture || !live_read(engine, loop, &live)) {
		free(capture);
		return NULL;
	}
	*capture = live.slice.capture;
	return capture;
}
