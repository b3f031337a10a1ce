/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * looks.h - going through all threads, or all descriptors, of a process for one of its
 * loops: with hundreds of these a process would have the watch do nothing else.
 */
#ifndef BLOCKPROF_STALL_LOOPS_LOOKS_H
#define BLOCKPROF_STALL_LOOPS_LOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct engine;
struct loop;
struct watched;

/* Whether its share of the watch's time allows it now. */
bool look_is_left(const struct watched *watched, uint64_t now_ns);
/* The same for one of its loops, for which it is wanted now: where it does not, that is counted. */
bool look_is_granted(struct engine *engine, struct loop *loop, const struct watched *watched,
		     uint64_t now_ns);
/* It took from began_ns on, by clock_now_ns(). */
void look_pay(struct watched *watched, uint64_t now_ns, uint64_t began_ns);

/*
 * Does another thread of its process wait on the loop's epoll instance, or did when all
 * were looked at last, in the turn that began at since_ns?
 */
bool look_others_wait(struct engine *engine, struct loop *loop, uint64_t since_ns);

#endif
