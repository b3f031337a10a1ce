/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * precedence.h - on a busy machine a thread that is to see what keeps others waiting comes
 * before them, and with it a child that it waits for; for so small a part of the time that
 * those hardly notice, and for the rest as anyone.
 */
#ifndef BLOCKPROF_BASE_PRECEDENCE_H
#define BLOCKPROF_BASE_PRECEDENCE_H

#include <sys/types.h>

#include "base/clock.h"

/* Of the time of one CPU, the thread's process and the child together: one in so many, ... */
#define PRECEDENCE_PART 5
/* ... and no more than that in a row. */
#define PRECEDENCE_BURST_NS (20 * NS_PER_MS)

struct precedence;

/*
 * Of the calling thread, until precedence_free(), which is to be called by the same. What
 * it forks has none. 0 or -errno; -EPERM: it is not allowed (CAP_SYS_NICE, RestrictRealtime=), or not
 * wanted, as it was started by nice(1) or chrt(1).
 */
int precedence_new(struct precedence **out);
void precedence_free(struct precedence *precedence);

/*
 * From now on for a child, too; 0: for none. To be called before the child is waited for by
 * wait(), as its number is another's then. precedence may be NULL.
 */
void precedence_child(struct precedence *precedence, pid_t child);

#endif
