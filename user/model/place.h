/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - where a stack is, as its reader sees it: in the user's own frames,
 * without those of libraries, interpreters and the kernel. Where it has none,
 * the best of the others stand for them.
 */
#ifndef BLOCKPROF_MODEL_PLACE_H
#define BLOCKPROF_MODEL_PLACE_H

#include "model/model.h"

/*
 * The one frame to name: the innermost of the user's own, else the innermost of
 * a library; in native code that of the program itself, with or without a name,
 * else of a library, else the innermost that has a name. NULL: there is none.
 */
const struct frame *place_of(const struct stack *stack);

/* Where its name is not known, a frame has "[unknown]" or "module+0x12". */
bool frame_has_name(const struct frame *frame);

/* Whether any of the frames to show has a name of its own, rather than "module+0x12". */
bool place_is_named(const struct stack *stack);

/* Puts the positions of all frames to show into at, innermost first, at most max. Returns how many. */
unsigned int place_frames(const struct stack *stack, unsigned int *at, unsigned int max);

/* The position, below limit, of the innermost native frame with a name that is no interpreter's; -1: none. */
int place_native(const struct stack *stack, unsigned int limit);

/* Whether two stacks are at the same place: the frames to show are equal. NULL is equal to NULL. */
bool place_same(const struct stack *a, const struct stack *b);
/* Equal where places are; seed: what else is to be equal. */
uint64_t place_hash(uint64_t seed, const struct stack *stack);

#endif
