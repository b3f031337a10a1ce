/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect.h - the slices of a loop's turn, as they come. */
#ifndef BLOCKPROF_STALL_TURN_COLLECT_H
#define BLOCKPROF_STALL_TURN_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

struct loop;

/* Slices come for the turn of this number from now on; one before it was no stall. */
void collect_turn(struct loop *loop, uint64_t seq);
/* Takes what slice owns, which lasted from since_ns to until_ns. */
void collect_add(struct loop *loop, struct slice *slice, uint64_t since_ns, uint64_t until_ns);
/* Takes what slice owns: time of a turn that was no stall, or of no turn. */
void collect_blocked(struct loop *loop, struct slice *slice);
/* The same of all of them, which are empty then. */
void collect_all_blocked(struct loop *loop, struct slices *slices);
/* What has come for the turn so far was of turns before it. */
void collect_pass(struct loop *loop);
/* What has come for a turn is of none. */
void collect_drop(struct loop *loop, uint64_t seq);
/* Down to about so many bytes: the smallest slices lose their places. */
void collect_shrink(struct loop *loop, size_t bytes);
/* Counts the time of a slice as its cause's. */
void collect_count(struct loop *loop, const struct slice *slice);
/* The same of a sample, where a collector ran. */
void collect_count_sample(struct loop *loop, const struct slice *slice);

/* Have slices come for this turn, and was it the last that any came for? */
bool collected_is(const struct loop *loop, uint64_t seq);
/* The slices of this turn, which are the caller's from then on; none where they are of another. */
struct slices collected_take(struct loop *loop, uint64_t seq);
/* A copy of those of this turn, into slices, which are empty. */
void collected_copy(const struct loop *loop, uint64_t seq, struct slices *slices);
/* Blocked time that no stall took up, which is the caller's from then on. */
struct slices collected_take_blocked(struct loop *loop);
/* What all that is collected takes in memory. */
size_t collected_bytes(const struct loop *loop);
/* Of this turn, 0 where none has come: blocked time, and that part of it in locks. */
uint64_t collected_blocked_ns(const struct loop *loop, uint64_t seq);
uint64_t collected_locked_ns(const struct loop *loop, uint64_t seq);
/* When the latest slice of this turn began; 0: none has come. */
uint64_t collected_last_ns(const struct loop *loop, uint64_t seq);
/* Up to when its slices show that the thread was in its loop; 0: none has come. */
uint64_t collected_until_ns(const struct loop *loop, uint64_t seq);
/* Who ended the slice of the turn that has more than at_least_ns; 0, or -ENOENT: no such slice, or no one known. */
int collected_main_waker(const struct loop *loop, uint64_t seq, uint64_t at_least_ns,
			 struct party *waker);
/* The longest block in a slice of this turn; 0: none. */
uint64_t collected_longest_ns(const struct loop *loop, uint64_t seq);

#endif
