// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_symtab.c - that symbol tables are too large to be read at once, and come in two sizes. */
#include "symbol/child/elf/elf_symtab.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define AT_ONCE 2048 /* symbols */

const Elf64_Shdr *elf_symtab_find(const struct elf_headers *headers, uint32_t type)
{
	for (size_t i = 1; i < headers->nr_sections; i++)
		if (headers->sections[i].sh_type == type &&
		    !(headers->sections[i].sh_flags & SHF_COMPRESSED))
			return &headers->sections[i];
	return NULL;
}

static size_t symbol_bytes(const struct elf_headers *headers)
{
	return headers->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

uint64_t elf_symtab_count(const struct elf_headers *headers, const Elf64_Shdr *table)
{
	return table->sh_size / symbol_bytes(headers);
}

static Elf64_Sym symbol_at(const struct elf_headers *headers, const void *block, size_t index)
{
	const Elf32_Sym *narrow = (const Elf32_Sym *)block + index;

	if (headers->is_64)
		return ((const Elf64_Sym *)block)[index];
	return (Elf64_Sym){
		.st_name = narrow->st_name,
		.st_info = narrow->st_info,
		.st_other = narrow->st_other,
		.st_shndx = narrow->st_shndx,
		.st_value = narrow->st_value,
		.st_size = narrow->st_size,
	};
}

int elf_symtab_each(const struct elf_headers *headers, const Elf64_Shdr *table, elf_symtab_fn *fn,
		    void *context)
{
	uint64_t left = elf_symtab_count(headers, table), offset = table->sh_offset;
	void *block __freeing = calloc(AT_ONCE, sizeof(Elf64_Sym));

	if (!block)
		return -ENOMEM;
	while (left) {
		size_t now = left < AT_ONCE ? (size_t)left : AT_ONCE;
		size_t bytes = now * symbol_bytes(headers);
		int err = elf_source_read(&headers->source, offset, block, bytes);

		if (err)
			return err;
		for (size_t i = 0; i < now; i++) {
			Elf64_Sym symbol = symbol_at(headers, block, i);

			if (!fn(context, &symbol))
				return 0;
		}
		offset += bytes;
		left -= now;
	}
	return 0;
}
