/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_file.h - an ELF file that a target has mapped, and the files that belong to it.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_FILE_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/wire/debug_file.h"

struct debug_names;
struct elf_file;

/* Takes fd, on failure too. 0 or -errno: -ENOEXEC: no ELF file. */
int elf_file_open(struct elf_file **out, int fd);
void elf_file_close(struct elf_file *file);
size_t elf_file_bytes(const struct elf_file *file); /* of memory, without debug information */

/* Its debug files that are not here, enum debug_file: whether there are such is not known here. */
unsigned int elf_file_wants(const struct elf_file *file);
/* How it names them: of hostile origin, but well formed. */
const struct debug_names *elf_file_names(const struct elf_file *file);
/* One of them, if it is the one: 0, -ENOKEY: it is not, or -errno. Takes fd, on failure too. */
int elf_file_attach(struct elf_file *file, enum debug_file which, int fd);

/* The debug file, if it is another one and has come; it stays here. -1: none. */
int elf_file_debug_fd(const struct elf_file *file);

/* Lets go of the debug information, which is read again when it is needed. */
void elf_file_shed(struct elf_file *file);
bool elf_file_is_shed(const struct elf_file *file);

/* Virtual address, as objdump shows it, of what is loaded from this file offset. 0 or -ENOENT. */
int elf_file_vaddr(const struct elf_file *file, uint64_t offset, uint64_t *vaddr);

/* What is at an address. */
struct elf_place {
	uint64_t start; /* of the function around it all, 0: not known */
	bool incomplete; /* there is more in the debug information, but a limit was passed */
};

typedef bool elf_line_fn(void *context, const char *fn, const char *file, unsigned int line);

/*
 * Each function at a virtual address, innermost first: the last is no inlined one.
 * fn is as linkers write it, "" where it is not known; file is "" and line 0
 * where they are not known. False of line ends it. Debug information is not
 * looked into without use_dwarf.
 */
void elf_file_lookup(struct elf_file *file, uint64_t vaddr, bool use_dwarf, struct elf_place *place,
		     elf_line_fn *line, void *context);

/* See elf_symbols_defined(). */
uint64_t elf_file_defined(const struct elf_file *file, const char *const *names, size_t nr);
/* Is the instruction that ends at this file offset a call? */
bool elf_file_after_call(const struct elf_file *file, uint64_t offset);

#endif
