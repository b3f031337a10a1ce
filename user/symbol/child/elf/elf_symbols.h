/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_symbols.h - the functions that .symtab and .dynsym of an ELF file name.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SYMBOLS_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/child/elf/elf_headers.h"

struct elf_symbols;

/*
 * By sections, which have been read. 0 or -ENOMEM. A file without any symbols gives an
 * empty list. Names are read when they are needed: headers->source is to stay.
 */
int elf_symbols_read(struct elf_symbols **out, const struct elf_headers *headers);
void elf_symbols_free(struct elf_symbols *symbols);
size_t elf_symbols_bytes(const struct elf_symbols *symbols);
/* There were more symbols than are taken: some functions are not known. */
bool elf_symbols_cut(const struct elf_symbols *symbols);
/* It has a .symtab: functions that are not exported too. */
bool elf_symbols_full(const struct elf_symbols *symbols);

/*
 * The function at this virtual address of the file: where it starts, and its
 * name as the file has it, cut to fit. 0, or -ENOENT.
 */
int elf_symbols_find(const struct elf_symbols *symbols, uint64_t vaddr, uint64_t *start, char *name,
		     size_t size);

/*
 * Which of these names are functions of the file, or sections where they begin
 * with a dot, which those of functions never do: bit i for names[i], of which
 * there are up to 64. Of several names for one address the best is known.
 */
uint64_t elf_symbols_defined(const struct elf_symbols *symbols, const char *const *names,
			     size_t nr);

#endif
