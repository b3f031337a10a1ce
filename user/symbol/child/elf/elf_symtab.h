/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_symtab.h - the symbols of one table of an ELF file, as they come.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SYMTAB_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SYMTAB_H

#include "symbol/child/elf/elf_headers.h"

/* False: no more are wanted. */
typedef bool elf_symtab_fn(void *context, const Elf64_Sym *symbol);

/* The first table of this type (SHT_SYMTAB, SHT_DYNSYM) that is not compressed; NULL: none. */
const Elf64_Shdr *elf_symtab_find(const struct elf_headers *headers, uint32_t type);
/* How many symbols there are, as the table claims. */
uint64_t elf_symtab_count(const struct elf_headers *headers, const Elf64_Shdr *table);
/* Every symbol, block by block. 0, or -errno: it could not be read to its end. */
int elf_symtab_each(const struct elf_headers *headers, const Elf64_Shdr *table, elf_symtab_fn *fn,
		    void *context);

#endif
