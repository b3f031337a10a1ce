/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.h - the last stalls of one loop. */
#ifndef BLOCKPROF_TOP_HISTORY_H
#define BLOCKPROF_TOP_HISTORY_H

#include <stddef.h>

#include "model/model.h"

#define HISTORY_STALLS 20

/* Starts as { 0 }. Copies, the oldest first; what is told of a turn again replaces what was. */
struct history {
	struct stall_record v[HISTORY_STALLS];
	size_t nr;
};

void history_free(struct history *history);
/* One that there is no memory for is left out. */
void history_add(struct history *history, const struct stall_record *stall);
/* Drops the oldest. */
void history_drop(struct history *history);

#endif
