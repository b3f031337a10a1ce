// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/child/elf/elf_addresses.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SEGMENTS_MAX	  128
#define SECTIONS_MAX	  4096
#define SECTION_NAMES_MAX (256u << 10)
#define SYMBOLS_MAX	  (512u << 10)
#define STRINGS_MAX	  (16u << 20)
#define SYMBOLS_AT_ONCE	  1024

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

struct headers {
	int fd;
	unsigned int nr_segments;
	unsigned int nr_sections;
	Elf64_Phdr *segments;
	Elf64_Shdr *sections;
	char *section_names;
	size_t section_names_bytes;
};

static int read_at(int fd, uint64_t offset, void *buf, size_t size)
{
	size_t done = 0;

	if (offset > INT64_MAX - size)
		return -ENOEXEC;
	while (done < size) {
		ssize_t got = pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENOEXEC;
		done += (size_t)got;
	}
	return 0;
}

/* An array or a string table; the caller frees it. */
static int read_new(int fd, uint64_t offset, size_t size, size_t max, void *out)
{
	void *buf;
	int err;

	if (size == 0 || size > max)
		return -ENOEXEC;
	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	err = read_at(fd, offset, buf, size);
	if (err) {
		free(buf);
		return err;
	}
	memcpy(out, &buf, sizeof(buf));
	return 0;
}

static int read_header(struct headers *elf, Elf64_Ehdr *header)
{
	int err = read_at(elf->fd, 0, header, sizeof(*header));

	if (err)
		return err;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != MACHINE ||
	    header->e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	return 0;
}

/* Files without section headers exist; they have nothing to look for. */
static int read_sections(struct headers *elf, const Elf64_Ehdr *header)
{
	const Elf64_Shdr *names;
	int err;

	if (header->e_shoff == 0 || header->e_shnum == 0)
		return 0;
	if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shstrndx >= header->e_shnum)
		return -ENOEXEC;
	err = read_new(elf->fd, header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr),
		       SECTIONS_MAX * sizeof(Elf64_Shdr), &elf->sections);
	if (err)
		return err;
	elf->nr_sections = header->e_shnum;

	names = &elf->sections[header->e_shstrndx];
	err = read_new(elf->fd, names->sh_offset, names->sh_size, SECTION_NAMES_MAX,
		       &elf->section_names);
	if (err)
		return err;
	elf->section_names_bytes = names->sh_size;
	return 0;
}

static void free_headers(struct headers *elf)
{
	free(elf->segments);
	free(elf->sections);
	free(elf->section_names);
}

static int read_headers(struct headers *elf)
{
	Elf64_Ehdr header;
	int err = read_header(elf, &header);

	if (err)
		return err;
	err = read_new(elf->fd, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr),
		       SEGMENTS_MAX * sizeof(Elf64_Phdr), &elf->segments);
	if (err)
		return err;
	elf->nr_segments = header.e_phnum;
	return read_sections(elf, &header);
}

/* Of what a mapping that begins at this offset has there. */
static int linked_at(const struct headers *elf, uint64_t offset, uint64_t *vaddr)
{
	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		const Elf64_Phdr *segment = &elf->segments[i];

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

static const char *string_at(const char *strings, size_t bytes, uint32_t at, size_t length)
{
	return at < bytes && bytes - at > length && strings[at + length] == '\0' ? strings + at
										 : NULL;
}

static void find_section(const struct headers *elf, struct elf_address *wanted)
{
	for (unsigned int i = 0; i < elf->nr_sections; i++) {
		const Elf64_Shdr *section = &elf->sections[i];
		const char *its = string_at(elf->section_names, elf->section_names_bytes,
					    section->sh_name, strlen(wanted->name));

		if (its && strcmp(its, wanted->name) == 0 && (section->sh_flags & SHF_ALLOC)) {
			wanted->addr = section->sh_addr;
			return;
		}
	}
}

static void match(const Elf64_Sym *symbol, const char *strings, size_t bytes,
		  struct elf_address *wanted, size_t nr)
{
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0)
		return;
	for (size_t i = 0; i < nr; i++) {
		size_t length = strlen(wanted[i].name);
		const char *name = string_at(strings, bytes, symbol->st_name, length);

		if (name && wanted[i].name[0] != '.' && memcmp(name, wanted[i].name, length) == 0)
			wanted[i].addr = symbol->st_value;
	}
}

/* Looks through the table of this type. */
static int find_symbols(const struct headers *elf, uint32_t type, struct elf_address *wanted,
			size_t nr)
{
	const Elf64_Shdr *table = NULL, *strings_section;
	char *strings __freeing = NULL;
	Elf64_Sym *some __freeing = NULL;
	uint64_t left;
	int err;

	for (unsigned int i = 0; i < elf->nr_sections && !table; i++) {
		if (elf->sections[i].sh_type == type)
			table = &elf->sections[i];
	}
	if (!table)
		return -ENOENT;
	left = table->sh_size / sizeof(Elf64_Sym);
	if (table->sh_entsize != sizeof(Elf64_Sym) || table->sh_link >= elf->nr_sections ||
	    left > SYMBOLS_MAX)
		return -ENOEXEC;

	strings_section = &elf->sections[table->sh_link];
	err = read_new(elf->fd, strings_section->sh_offset, strings_section->sh_size, STRINGS_MAX,
		       &strings);
	if (err)
		return err;
	some = calloc(SYMBOLS_AT_ONCE, sizeof(*some));
	if (!some)
		return -ENOMEM;

	for (uint64_t at = table->sh_offset; left > 0;) {
		size_t now = left < SYMBOLS_AT_ONCE ? left : SYMBOLS_AT_ONCE;

		err = read_at(elf->fd, at, some, now * sizeof(*some));
		if (err)
			return err;
		for (size_t i = 0; i < now; i++)
			match(&some[i], strings, strings_section->sh_size, wanted, nr);
		at += now * sizeof(*some);
		left -= now;
	}
	return 0;
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
	struct headers elf __attribute__((cleanup(free_headers))) = { .fd = fd };
	int err = read_headers(&elf);

	if (!err)
		err = linked_at(&elf, offset, vaddr);
	if (err)
		return err;
	for (size_t i = 0; i < nr; i++) {
		wanted[i].addr = 0;
		if (wanted[i].name[0] == '.')
			find_section(&elf, &wanted[i]);
	}
	/* A table that makes no sense has nothing, as one that is not there. */
	if (local || any(wanted, nr))
		find_symbols(&elf, SHT_DYNSYM, wanted, nr);
	if (local && !any(wanted, nr))
		find_symbols(&elf, SHT_SYMTAB, wanted, nr);
	return 0;
}
