/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.h - how text is to look: its width, its colours, how much of a stack. */
#ifndef BLOCKPROF_TEXT_LOOK_H
#define BLOCKPROF_TEXT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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
static inline void look_as(const struct look *look, FILE *out, const char *sequence)
{
	if (look->colour)
		fputs(sequence, out);
}

#endif
