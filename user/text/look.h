/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.h - how text looks: its width, its colours, how much of a stack it shows. */
#ifndef BLOCKPROF_TEXT_LOOK_H
#define BLOCKPROF_TEXT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/timestamp.h"

struct look {
	size_t columns; /* 0: rows of any width, as in files */
	bool colour;
	bool unfold; /* shows every frame */
	struct zone zone; /* of times of day; not known: here */
};

#define LOOK_BOLD  "\033[1m"
#define LOOK_DIM   "\033[2m"
#define LOOK_ALARM "\033[1;31m"
#define LOOK_PLAIN "\033[0m"

/* What follows looks like that (a LOOK_*), if there is colour at all. */
static inline void look_as(const struct look *look, FILE *out, const char *sequence)
{
	if (look->colour)
		fputs(sequence, out);
}

#endif
