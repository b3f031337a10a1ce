/* SPDX-License-Identifier: GPL-2.0-or-later */
/* budget.h - what slices on their way to a stall, or to blocked time, may take of memory: all loops together. */
#ifndef BLOCKPROF_STALL_TURN_BUDGET_H
#define BLOCKPROF_STALL_TURN_BUDGET_H

struct engine;
struct slice;

/* Makes room for a slice that is to be collected. */
void budget_spend(struct engine *engine, const struct slice *slice);

#endif
