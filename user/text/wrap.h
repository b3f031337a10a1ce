/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap.h - what does not fit into a row is continued in the next one, never shortened. */
#ifndef BLOCKPROF_TEXT_WRAP_H
#define BLOCKPROF_TEXT_WRAP_H

#include <stdio.h>

#include "text/look.h"

/* Bytes of a text that look like that (a LOOK_*), where there is colour. */
struct span {
	size_t from, to;
	const char *sequence;
};

#define WRAP_SPANS 2

struct wrap {
	size_t indent; /* of the rows that continue */
	struct span spans[WRAP_SPANS]; /* in their order; empty ones come last */
};

/* text: harmless (escape.h), with its own indent of the first row. Ends the row; returns how many rows it took. */
size_t wrap_print(FILE *out, const char *text, const struct wrap *wrap, const struct look *look);
/* The same without colour. */
size_t wrap_plain(FILE *out, const char *text, size_t indent, const struct look *look);
/* And of what is put together first. 0 or -ENOMEM. */
int wrap_printf(FILE *out, size_t indent, const struct look *look, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
