/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_symbols.h - the functions that .symtab and .dynsym of an ELF file name.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_ELF_SYMBOLS_H
#define BLOCKPROF_ELF_SYMBOLS_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbols;

/*
 * 0 or -errno: -EFBIG: more symbols than are taken. A file without any gives an
 * empty list. The list does not refer to elf; names are read from the file,
 * which is open as fd.
 */
int elf_symbols_read(struct elf_symbols **out, Elf *elf, int fd);
void elf_symbols_free(struct elf_symbols *symbols);
size_t elf_symbols_bytes(const struct elf_symbols *symbols);

/*
 * The function at this virtual address of the file: where it starts, and its
 * name as the file (open as fd) has it, cut to fit. 0, or -ENOENT.
 */
int elf_symbols_find(const struct elf_symbols *symbols, int fd, uint64_t vaddr, uint64_t *start,
		     char *name, size_t size);

/*
 * Which of these names are functions of the file (open as fd), or sections where
 * they begin with a dot, which those of functions never do: bit i for names[i],
 * of which there are up to 64. Of several names for one address the best is known.
 */
uint64_t elf_symbols_defined(const struct elf_symbols *symbols, int fd, const char *const *names,
			     size_t nr);

#endif
