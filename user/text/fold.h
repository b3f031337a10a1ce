/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold.h - a stack as text: the frames that say where it is (model/place.h), and
 * how many were folded away between them.
 */
#ifndef BLOCKPROF_TEXT_FOLD_H
#define BLOCKPROF_TEXT_FOLD_H

#include <stdio.h>

#include "model/model.h"
#include "text/look.h"

/* A frame as "fetch_rates (app/rates.py:88)". Escaped; the caller frees; NULL: no memory. */
char *fold_place(const struct frame *frame);

struct fold {
	const char *
		call; /* the system call that it ends in, shown where library frames would hide it; NULL: none */
	size_t margin; /* of the outermost row */
	size_t innermost; /* so many rows only, where it is folded at all; 0: all */
};

/* Prints frames of a stack, outermost first, one a row. 0 or -ENOMEM. */
int fold_print(FILE *out, const struct stack *stack, const struct fold *fold,
	       const struct look *look);

/* Whether that shows more than the one frame that says where the stack is (place_of()). */
bool fold_says_more(const struct stack *stack, const struct look *look);

#endif
