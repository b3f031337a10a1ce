/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stand.h - how loops stand at a moment, the turns that they are in included. */
#ifndef BLOCKPROF_STALL_STAND_H
#define BLOCKPROF_STALL_STAND_H

#include <stdint.h>

#include "bpf/abi.h"
#include "model/hist.h"
#include "model/length.h"
#include "model/model.h"

struct engine_loop;
struct loop;

/* What the loop has done since it was bound, up to now_ns; of the turn that runs alone: *turn. */
void stand_totals(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		  struct bp_ledger *turn, struct ledger *ledger, uint64_t *idle_ns);
/* How long its finished turns were: those over the threshold, as they were reported. Returns the longest. */
uint64_t stand_hist(const struct loop *loop, const struct bp_slot *slot,
		    unsigned int hist[HIST_BUCKETS], unsigned int over[LENGTH_BOUNDS]);

/* How it stands at now_ns. */
void stand_of_loop(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct engine_loop *out);

#endif
