// SPDX-License-Identifier: GPL-2.0-or-later
/* discard.c - which turn of a loop is not to be reported. Why is decided in decide.c. */
#include "stall/turn/discard.h"

#include "stall/state/loop.h"
#include "stall/turn/collect.h"

void discard_turn(struct loop *loop, uint64_t seq)
{
	loop->discard.seq = seq;
	collect_drop(loop, seq);
}

bool turn_is_discarded(const struct loop *loop, uint64_t seq)
{
	return seq == loop->discard.seq;
}
