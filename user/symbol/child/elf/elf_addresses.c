// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_addresses.c - in which tables a name is looked for, and what is not worth the time. */
#include "symbol/child/elf/elf_addresses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/child/elf/elf_symtab.h"
#include "symbol/wire/call.h"

#define SYMBOLS_MAX (512u << 10)
#define STRINGS_MAX (16u << 20)

/* Of what a mapping that begins at this offset has there. */
static int linked_at(const struct elf_headers *headers, uint64_t offset, uint64_t *vaddr)
{
	for (size_t i = 0; i < headers->nr_segments; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];

		/* The mapping begins at the page in which the segment does. */
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) ||
		    offset > segment->p_offset + segment->p_filesz ||
		    segment->p_offset > offset + (segment->p_align | 1))
			continue;
		*vaddr = offset + (segment->p_vaddr - segment->p_offset);
		return 0;
	}
	return -ENOENT;
}

static void find_section(const struct elf_headers *headers, struct elf_address *wanted)
{
	for (size_t i = 0; i < headers->nr_sections; i++) {
		const Elf64_Shdr *section = &headers->sections[i];

		if ((section->sh_flags & SHF_ALLOC) &&
		    strcmp(elf_headers_name(headers, section), wanted->name) == 0) {
			wanted->addr = section->sh_addr;
			return;
		}
	}
}

/* A search for symbols. */
struct search {
	char *strings;
	size_t bytes; /* of them */
	struct elf_address *wanted;
	size_t nr;
};

static bool match(void *context, const Elf64_Sym *symbol)
{
	const struct search *search = context;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
	    symbol->st_name >= search->bytes)
		return true;
	for (size_t i = 0; i < search->nr; i++) {
		struct elf_address *wanted = &search->wanted[i];

		if (wanted->name[0] != '.' &&
		    strcmp(search->strings + symbol->st_name, wanted->name) == 0)
			wanted->addr = symbol->st_value;
	}
	return true;
}

/* Looks through the table of this type. One that makes no sense has nothing. */
static void find_symbols(const struct elf_headers *headers, uint32_t type,
			 struct elf_address *wanted, size_t nr)
{
	const Elf64_Shdr *table = elf_symtab_find(headers, type);
	const Elf64_Shdr *names = table ? elf_headers_linked(headers, table) : NULL;
	struct search search = { .wanted = wanted, .nr = nr };
	char *strings __freeing = NULL;

	if (!names || elf_symtab_count(headers, table) > SYMBOLS_MAX ||
	    elf_source_new(&headers->source, names->sh_offset, names->sh_size, STRINGS_MAX,
			   &strings))
		return;
	strings[names->sh_size] = '\0';
	search.strings = strings;
	search.bytes = names->sh_size;
	elf_symtab_each(headers, table, match, &search);
}

static bool any(const struct elf_address *wanted, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (wanted[i].addr)
			return true;
	return false;
}

int elf_addresses_read(int fd, uint64_t offset, bool local, struct elf_address *wanted, size_t nr,
		       uint64_t *vaddr)
{
	struct elf_headers headers __attribute__((cleanup(elf_headers_free)));
	struct elf_source source = { .fd = fd };
	int err = elf_headers_read(&headers, &source);

	if (!err && (!headers.is_64 || headers.header.e_machine != call_own_machine()))
		err = -ENOEXEC;
	if (!err)
		err = elf_headers_read_sections(&headers);
	if (!err)
		err = linked_at(&headers, offset, vaddr);
	if (err)
		return err;
	for (size_t i = 0; i < nr; i++) {
		wanted[i].addr = 0;
		if (wanted[i].name[0] == '.')
			find_section(&headers, &wanted[i]);
	}
	if (local || any(wanted, nr))
		find_symbols(&headers, SHT_DYNSYM, wanted, nr);
	if (local && !any(wanted, nr))
		find_symbols(&headers, SHT_SYMTAB, wanted, nr);
	return 0;
}
