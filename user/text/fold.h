/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold.h - the part of a stack that its reader wrote or can act on: the user's
 * own frames, with library, interpreter and kernel frames folded away.
 */
#ifndef BLOCKPROF_TEXT_FOLD_H
#define BLOCKPROF_TEXT_FOLD_H

#include <stdio.h>

#include "model/model.h"

/* How text is to look. */
struct look {
	size_t columns;
	bool colour;
	bool unfold; /* every frame */
};

#define LOOK_BOLD  "\033[1m"
#define LOOK_DIM   "\033[2m"
#define LOOK_ALARM "\033[1;31m"
#define LOOK_PLAIN "\033[0m"

/* Turns to a LOOK_*, where there is colour. */
void look_as(const struct look *look, FILE *out, const char *sequence);

/* Is this frame of the user's own program, in Python, JavaScript or other managed code? */
bool frame_is_own(const struct frame *frame);

/*
 * The one frame that says where: the innermost own one, else the innermost of
 * a library, else the innermost native one with a name. NULL: none.
 */
const struct frame *fold_innermost(const struct stack *stack);

/*
 * "fetch_rates (app/rates.py:88)" of a frame, in at most so many columns.
 * Escaped; caller frees; NULL: no memory.
 */
char *fold_place(const struct frame *frame, size_t columns);

/* Whether two stacks show the same frames once they are folded. NULL is equal to NULL. */
bool fold_same(const struct stack *a, const struct stack *b);

/*
 * The frames of a stack, outermost first, one a line. call: the system call it
 * ends in, shown when library frames hide how it came to it; NULL: none.
 * 0 or -ENOMEM.
 */
int fold_print(FILE *out, const struct stack *stack, const char *call, const struct look *look);

#endif
