/* SPDX-License-Identifier: GPL-2.0-or-later */
/* discard.h - turns that are none after all: what comes of them is not reported. */
#ifndef BLOCKPROF_STALL_TURN_DISCARD_H
#define BLOCKPROF_STALL_TURN_DISCARD_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Drops also what has come of it so far. */
void discard_turn(struct loop *loop, uint64_t seq);
bool turn_is_discarded(const struct loop *loop, uint64_t seq);

#endif
