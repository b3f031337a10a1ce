/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe.h - while a block lasts, those that it waits for are observed: the peer
 * of a socket or pipe, the owner of a lock, and whom they wait for in turn.
 */
#ifndef BLOCKPROF_STALL_PEERS_OBSERVE_H
#define BLOCKPROF_STALL_PEERS_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;
struct loop;

/* What was spent when looking at other processes began, and what of that on looking for them, which is paid. */
struct observe_bill {
	pid_t pid; /* for whose waits */
	uint64_t spent_ns;
	uint64_t paid_ns;
};

/* Looking at those that process pid waits for is affordable, also for what matters less; it begins; it has been paid for up to now. */
bool observe_is_ample(const struct engine *engine, pid_t pid);
struct observe_bill observe_begin(const struct engine *engine, pid_t pid);
void observe_pay(struct engine *engine, const struct observe_bill *bill);

/* If the loop's block lasts, and it is time to. Each tick. */
void observe_block(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* A CPU tick hit a process that a loop waits for. */
void observe_sample(struct engine *engine, const struct bp_observed_sample *sample);
/* What was found of the block that began at since_ns, up to until_ns, into its slice. ended: it has. */
void observation_fill(struct loop *loop, uint64_t since_ns, uint64_t until_ns, bool ended,
		      struct slice *slice);
/* Of a block that has ended, and that nothing was seen of: who it was that it waited for. */
void observation_late(struct engine *engine, const struct loop *loop,
		      const struct bp_capture *capture, struct slice *slice);
/* What was found is forgotten. */
void observation_end(struct engine *engine, struct loop *loop);

#endif
