/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold.h - the part of a stack that its reader wrote or can act on: the user's
 * own frames, with library, interpreter and kernel frames folded away.
 */
#ifndef BLOCKPROF_TEXT_FOLD_H
#define BLOCKPROF_TEXT_FOLD_H

#include <stdio.h>

#include "model/model.h"
#include "text/look.h"

/*
 * "fetch_rates (app/rates.py:88)" of a frame, in at most so many columns.
 * Escaped; caller frees; NULL: no memory.
 */
char *fold_place(const struct frame *frame, size_t columns);

/*
 * The frames of a stack, outermost first, one a line. call: the system call it
 * ends in, shown when library frames hide how it came to it; NULL: none.
 * 0 or -ENOMEM.
 */
int fold_print(FILE *out, const struct stack *stack, const char *call, const struct look *look);

#endif
