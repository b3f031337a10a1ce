/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack_lines.h - a profile as folded stacks, a line each, sorted as bytes are. */
#ifndef BLOCKPROF_OUTPUT_STACK_LINES_H
#define BLOCKPROF_OUTPUT_STACK_LINES_H

#include "output/profile.h"

struct stack_lines;

/* One line, in parts: its head, its frames, its cause. They are too many to be kept as text. */
struct stack_line {
	const char *head; /* "app[7];worker[8];task;[cut];": up to the first frame */
	const uint32_t *frames; /* innermost first */
	uint32_t nr;
	uint16_t cause;
	const struct stack_lines *lines;
	uint64_t ns;
};

int stack_lines_new(struct stack_lines **out, const struct profile *profile); /* 0 or -ENOMEM */
void stack_lines_free(struct stack_lines *lines);
/* What no line tells apart is one. */
size_t stack_lines_nr(const struct stack_lines *lines);
const struct stack_line *stack_lines_at(const struct stack_lines *lines, size_t i);
/* Part 0 is the head, then frames from the outermost on, each with its ';', the last one the cause. */
const char *stack_line_part(const struct stack_line *line, uint32_t part);

#endif
