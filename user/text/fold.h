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

/*
 * A frame as "fetch_rates (app/rates.py:88)", in at most so many columns.
 * Escaped; the caller frees; NULL: no memory.
 */
char *fold_place(const struct frame *frame, size_t columns);

/*
 * Prints frames of a stack, outermost first, one a line. call: the system call
 * that it ends in, which is shown where library frames would hide it; NULL: none.
 * 0 or -ENOMEM.
 */
int fold_print(FILE *out, const struct stack *stack, const char *call, const struct look *look);

#endif
