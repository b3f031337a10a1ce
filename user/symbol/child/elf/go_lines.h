/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * go_lines.h - functions and lines by the table that each Go program has for its
 * own tracebacks (.gopclntab), also when it is stripped: Go 1.16 and later.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_GO_LINES_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_GO_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/child/elf/elf_headers.h"

struct go_lines;

#define GO_FUNCTIONS_MAX 31 /* at one address */
#define GO_TEXT_BYTES	 256

struct go_line {
	char fn[GO_TEXT_BYTES];
	char file[GO_TEXT_BYTES]; /* "": not known */
	unsigned int line; /* 0: not known */
};

struct go_found {
	struct go_line v[GO_FUNCTIONS_MAX]; /* innermost first; the last is not inlined */
	size_t nr;
	uint64_t start; /* of the last */
};

/*
 * Of a file whose sections have been read; headers->source is to stay. 0 or -errno:
 * -ENOENT: there is no such table.
 */
int go_lines_new(struct go_lines **out, const struct elf_headers *headers);
void go_lines_free(struct go_lines *lines);

/* What is at a virtual address. out->nr 0: nothing is known. */
void go_lines_find(const struct go_lines *lines, uint64_t vaddr, struct go_found *out);

#endif
