/* SPDX-License-Identifier: GPL-2.0-or-later */
/* impact.h - who waits for a loop's turn. */
#ifndef BLOCKPROF_STALL_TURN_IMPACT_H
#define BLOCKPROF_STALL_TURN_IMPACT_H

#include <stdint.h>

#include "model/impact.h"

struct engine;
struct loop;
struct stall_record;

/* While a turn is old, what the loop has still to do is read of its program. Each tick. */
void impact_look(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* What had become ready by the end of the turn. */
void impact_keep(struct loop *loop, uint64_t seq, const struct impact *impact);
/* What is known of turn seq, into its last report. */
void impact_take(struct loop *loop, uint64_t seq, struct stall_record *record);

#endif
