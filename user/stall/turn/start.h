/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.h - when an old turn really began, and what its ledger then is. */
#ifndef BLOCKPROF_STALL_TURN_START_H
#define BLOCKPROF_STALL_TURN_START_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"

struct engine;
struct loop;

/* Once a turn, when it has grown old and waits are seen from now on: asks the loop. */
void start_check(struct engine *engine, struct loop *loop, uint64_t now_ns);

/*
 * Whether what a turn seems to have lasted was one turn, as far as can be known:
 * waits that did not sleep may have gone unseen before the probes for them were on.
 */
bool start_is_sound(const struct engine *engine, const struct loop *loop,
		    const struct bp_turn *turn);

/* Takes what came before the turn's real start out of its ledger. Returns the real start. */
uint64_t start_trim(const struct loop *loop, uint64_t seq, uint64_t start_ns,
		    struct bp_ledger *ledger);

#endif
