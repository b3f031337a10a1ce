/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settle.h - a turn's slices as a whole: made to agree with each other and with its ledger. */
#ifndef BLOCKPROF_STALL_TURN_SETTLE_H
#define BLOCKPROF_STALL_TURN_SETTLE_H

#include <stdbool.h>

#include "model/model.h"

/* ongoing: slices may still be on their way, so blocked time without one is not lost yet. */
void settle_slices(struct slices *slices, struct ledger *ledger, bool ongoing);

#endif
