/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - the frames of a stack that say where it is: the user's own, with
 * library, interpreter and kernel frames left out; where there are none, those
 * that say most of the rest.
 */
#ifndef BLOCKPROF_MODEL_PLACE_H
#define BLOCKPROF_MODEL_PLACE_H

#include "model/model.h"

/*
 * The one frame that says where: the innermost own one, else the innermost of
 * a library, else the innermost native one with a name. NULL: none.
 */
const struct frame *place_of(const struct stack *stack);

/* Positions of the frames that say where, innermost first, into at, which has room for max. How many. */
unsigned int place_frames(const struct stack *stack, unsigned int *at, unsigned int max);

/* Position of the innermost named native frame that is neither an interpreter's nor from limit on; -1: none. */
int place_native(const struct stack *stack, unsigned int limit);

/* Whether two stacks are at one place, by all frames that say where. NULL is equal to NULL. */
bool place_same(const struct stack *a, const struct stack *b);

#endif
