/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept_lines.h - the last lines of JSON of a kind: as many as there is room for, the oldest goes first. */
#ifndef BLOCKPROF_WEB_KEPT_LINES_H
#define BLOCKPROF_WEB_KEPT_LINES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct kept_lines;

struct line {
	char *text; /* with its newline */
	size_t bytes;
	uint64_t begin_ns, end_ns; /* of what it is about, CLOCK_REALTIME */
};

/* max: how many. bytes: of all of them. 0 or -ENOMEM. */
int kept_lines_new(struct kept_lines **out, size_t max, size_t bytes);
void kept_lines_free(struct kept_lines *kept); /* NULL is fine */
/* Takes its text; one whose text is NULL, or larger than all may be, is left out. */
void kept_lines_add(struct kept_lines *kept, const struct line *line);
size_t kept_lines_nr(const struct kept_lines *kept);
/* at: 0 is the newest. */
const struct line *kept_lines_at(const struct kept_lines *kept, size_t at);
/* Those that ended since then, the oldest first. */
void kept_lines_write(const struct kept_lines *kept, FILE *out, uint64_t since_ns);
/* What ended by then may be missing; 0: nothing is. */
uint64_t kept_lines_missing_ns(const struct kept_lines *kept);

#endif
