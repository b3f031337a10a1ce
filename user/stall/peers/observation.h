/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observation.h - the processes that one block waits for, and whom those wait for in turn: private to peers/. */
#ifndef BLOCKPROF_STALL_PEERS_OBSERVATION_H
#define BLOCKPROF_STALL_PEERS_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"
#include "stall/peers/observed.h"

#define OBSERVED_MAX 8 /* in all, at the most CULPRITS_DEPTH one behind the other */

/* observe.c: of the block that a loop's thread is in, or was in last. */
struct observation {
	uint64_t since_ns; /* of the block, or of the first one of a wait in rounds */
	uint64_t block_ns; /* of the latest one */
	uint64_t turn_seq;
	struct bp_block round; /* a wait in rounds: how one of them looks */
	bool in_rounds;
	enum cause cause;
	uint64_t seen_ns; /* when they were looked at last; 0: not yet */
	uint64_t gap_ns; /* from one time to the next, now */
	bool filled; /* a slice, after the block's end */
	struct whoms waits_for; /* the loop itself */
	struct observed *v[OBSERVED_MAX];
	int behind[OBSERVED_MAX]; /* who waits for it: a place in v; -1: the loop itself */
	size_t nr;
};

/* How many wait, one behind the other, from this place to the loop. */
unsigned int observation_depth(const struct observation *observation, int at);

#endif
