/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * discard.h - turns that are no stalls after all. What comes of them is not reported;
 * each that passed the threshold is counted by its reason, and one that was reported
 * while it lasted is withdrawn. Why is decided in decide.c.
 */
#ifndef BLOCKPROF_STALL_TURN_DISCARD_H
#define BLOCKPROF_STALL_TURN_DISCARD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/discard.h"

struct engine;
struct loop;
struct summary_record;

/*
 * A turn that lasts, or whose end has not come yet, is none. Drops what has come of
 * it so far; it is counted at its end, when it is known how long it was.
 */
void discard_turn(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason);
/* What of it there was to report is reported: its end is nothing more. */
void discard_rest(struct engine *engine, struct loop *loop, uint64_t seq);
/* Of a turn that is discarded: up to then it was idle, or has been reported. */
void discard_until(struct loop *loop, uint64_t until_ns);
bool turn_is_discarded(const struct loop *loop, uint64_t seq);

/* The turn that was discarded has ended, or is not followed any more: counted, if it was long. */
void discard_ended(struct engine *engine, struct loop *loop, uint64_t start_ns, uint64_t end_ns);
/* A turn, or a part of one, that lasted ns and is not reported, whatever seq: counted, if that is long. */
void discard_count(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason,
		   uint64_t ns);

/* Counts what the kernel side discarded, or could not send. Each tick, and before the slot is free. */
void discard_take(struct engine *engine, struct loop *loop);
/*
 * A stall that was reported while it lasted, whose turn is over and whose end has not
 * come: withdrawn, as soon as it cannot be on its way any more. last: it cannot.
 */
void discard_check(struct engine *engine, struct loop *loop, bool last);

/* Those of the period that is summed up, into record. */
void discard_sum(const struct engine *engine, struct summary_record *record);
/* A new period begins. */
void discard_forget(struct engine *engine);

#endif
