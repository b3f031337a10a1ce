/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loops.h - the threads whose time is kept, by their slots: the one way to go over them. */
#ifndef BLOCKPROF_STALL_STATE_LOOPS_H
#define BLOCKPROF_STALL_STATE_LOOPS_H

#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loops;

/* Slots are numbered from 1 to slots. 0 or -ENOMEM. */
int loops_new(struct loops **out, unsigned int slots);
/* The loops must have been taken out. */
void loops_free(struct loops *loops);

/* NULL: the slot is nobody's, or there is no such slot. */
struct loop *loops_at(const struct loops *loops, unsigned int slot);
/* Puts it into its slot, which is free, and gives it a number. */
void loops_put(struct loops *loops, struct loop *loop);
/* Empties a slot; what was in it is the caller's. */
struct loop *loops_take(struct loops *loops, unsigned int slot);

/* The one after before, in the order of slots; NULL before the first and after the last. */
struct loop *loops_next(const struct loops *loops, const struct loop *before);
#define for_each_loop(loops, each) \
	for (struct loop *each = loops_next(loops, NULL); each; each = loops_next(loops, each))

/* NULL: no slot is this thread's. */
struct loop *loops_find(const struct loops *loops, pid_t tid);

#endif
