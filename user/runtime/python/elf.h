/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf.h - the little that is asked of an interpreter's ELF file: where it is
 * loaded, where a section and a few symbols are. The file is a target's, so it
 * may be anything: it is read by bounded pread() only, never mapped, and what
 * makes no sense is an error.
 */
#ifndef BLOCKPROF_PYTHON_ELF_H
#define BLOCKPROF_PYTHON_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

struct py_elf {
	int fd; /* the caller's */
	unsigned int nr_segments;
	unsigned int nr_sections;
	Elf64_Phdr *segments;
	Elf64_Shdr *sections;
	char *section_names;
	size_t section_names_bytes;
};

/* A symbol that is looked for; addr is 0 until it is found. */
struct py_elf_symbol {
	const char *name;
	uint64_t addr; /* as linked */
};

/* 0 or -errno; -ENOEXEC: no ELF file of this machine's kind. */
int py_elf_open(struct py_elf *elf, int fd);
void py_elf_close(struct py_elf *elf);

/* What to add to linked addresses, given one executable mapping of the file. -ENOENT: not a segment of it. */
int py_elf_bias(const struct py_elf *elf, uint64_t map_start, uint64_t map_offset, uint64_t *bias);
/* Linked address of a section that is loaded. */
int py_elf_section(const struct py_elf *elf, const char *name, uint64_t *addr);
/* Looks through the table of this type (SHT_DYNSYM, SHT_SYMTAB). -ENOENT: there is none. */
int py_elf_symbols(const struct py_elf *elf, uint32_t type, struct py_elf_symbol *symbols,
		   size_t nr);

#endif
