/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.h - which of a process's threads is the one that was waited for. */
#ifndef BLOCKPROF_STALL_PEERS_CHOOSE_H
#define BLOCKPROF_STALL_PEERS_CHOOSE_H

#include "model/model.h"
#include "stall/peers/observed.h"

/*
 * waker: who ended the wait; NULL: not known, or not yet. NULL: it is not certain.
 * doubt: others may as well be meant; left alone else.
 */
struct observed_thread *choose_thread(struct observed *observed, const struct party *waker,
				      enum culprit_doubt *doubt);

#endif
