/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.h - text to scroll through. */
#ifndef BLOCKPROF_TOP_LINES_H
#define BLOCKPROF_TOP_LINES_H

#include <stddef.h>

enum emphasis {
	LINE_PLAIN,
	LINE_HEAD,
	LINE_ALARM,
};

struct line {
	char *text; /* valid UTF-8, no control characters */
	enum emphasis emphasis;
};

/* Starts as { 0 }. */
struct lines {
	struct line *v;
	size_t nr;
};

void lines_free(struct lines *lines);
/* A line for each line of text. 0 or -ENOMEM. */
int lines_add(struct lines *lines, const char *text, enum emphasis emphasis);
int lines_addf(struct lines *lines, enum emphasis emphasis, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
