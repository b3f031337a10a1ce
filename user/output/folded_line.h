/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folded_line.h - how names and frames read in a folded stack: see folded.c. */
#ifndef BLOCKPROF_OUTPUT_FOLDED_LINE_H
#define BLOCKPROF_OUTPUT_FOLDED_LINE_H

#include <stdio.h>

#include "model/model.h"

/* One element of a line. 0 or -ENOMEM, as below. */
int folded_name(FILE *line, const char *name);
/* With a ';' behind it; line_number: with that of its line, where it has one. */
int folded_frame(FILE *line, const struct frame *frame, bool line_number);
/* Outermost first. NULL: nothing. */
int folded_stack(FILE *line, const struct stack *stack, bool line_numbers);

#endif
