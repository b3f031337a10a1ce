/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.h - the last stalls of one loop. */
#ifndef BLOCKPROF_TOP_HISTORY_H
#define BLOCKPROF_TOP_HISTORY_H

#include <stddef.h>

#include "model/model.h"

#define HISTORY_STALLS 20

/* Starts as { 0 }. Copies, the oldest first. A report replaces the one before it of the same turn. */
struct history {
	struct stall_record v[HISTORY_STALLS];
	size_t nr;
};

void history_free(struct history *history);
/* Without memory it is left out. */
void history_add(struct history *history, const struct stall_record *stall);
/* The last one, if it is of this turn, was no stall. */
/* What they take in memory. */
size_t history_bytes(const struct history *history);
/* Takes less from then on: the oldest is forgotten, or the only one loses places. */
void history_shrink(struct history *history);
void history_withdraw(struct history *history, const char *turn);
/* Forgets the oldest. */
void history_forget(struct history *history);

#endif
