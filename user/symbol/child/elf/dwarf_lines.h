/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarf_lines.h - the functions and source lines at an address, by a file's DWARF.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_DWARF_LINES_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_DWARF_LINES_H

#include <stddef.h>
#include <stdint.h>

struct dwarf_lines;

#define DWARF_FUNCTIONS_MAX 31 /* at one address */

/* Of a function, and a place in it. Strings live until the next call. */
struct dwarf_line {
	const char *fn; /* as linkers write it where the compiler says so; NULL: not known */
	const char *file; /* with the directory it was compiled in; NULL: not known */
	unsigned int line; /* 0: not known */
};

/* What was found at an address. */
struct dwarf_found {
	struct dwarf_line v[DWARF_FUNCTIONS_MAX]; /* innermost first; the last is not inlined */
	size_t nr; /* 0: nothing */
	uint64_t start; /* of the last; 0: not known */
	int incomplete; /* a limit was passed, or the rest is in another file (split DWARF) */
};

/*
 * fd is to stay open, and is the caller's. 0 or -errno: -ENOENT: it has no DWARF;
 * -EFBIG: more than is taken. The file is mapped: one that is cut meanwhile is a
 * SIGBUS, which costs this process and this file.
 */
int dwarf_lines_new(struct dwarf_lines **out, int fd);
void dwarf_lines_free(struct dwarf_lines *lines);

/*
 * The file that this one shares debug information with (dwz -m), to be used from
 * now on; fd as above. 0 or -errno.
 */
int dwarf_lines_share(struct dwarf_lines *lines, int fd);

/* What is at a virtual address. Takes some milliseconds for a place that is new. */
void dwarf_lines_find(struct dwarf_lines *lines, uint64_t vaddr, struct dwarf_found *out);

#endif
