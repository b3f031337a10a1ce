// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_headers.c - the layout of ELF's headers in both classes, and what of it can be believed. */
#include "symbol/child/elf/elf_headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define HEADERS_SEGMENTS_MAX 4096
#define HEADERS_SECTIONS_MAX 65536
#define NAMES_BYTES_MAX	     (4u << 20)

/* The file ends too early, or claims to reach beyond what a file can have. */
static int format_error(int err)
{
	return err == -ENODATA || err == -EOVERFLOW ? -ENOEXEC : err;
}

static Elf64_Ehdr wide_header(const Elf32_Ehdr *from)
{
	Elf64_Ehdr to = {
		.e_type = from->e_type,
		.e_machine = from->e_machine,
		.e_version = from->e_version,
		.e_entry = from->e_entry,
		.e_phoff = from->e_phoff,
		.e_shoff = from->e_shoff,
		.e_flags = from->e_flags,
		.e_ehsize = from->e_ehsize,
		.e_phentsize = from->e_phentsize,
		.e_phnum = from->e_phnum,
		.e_shentsize = from->e_shentsize,
		.e_shnum = from->e_shnum,
		.e_shstrndx = from->e_shstrndx,
	};

	memcpy(to.e_ident, from->e_ident, sizeof(to.e_ident));
	return to;
}

static Elf64_Phdr wide_segment(const Elf32_Phdr *from)
{
	return (Elf64_Phdr){
		.p_type = from->p_type,
		.p_flags = from->p_flags,
		.p_offset = from->p_offset,
		.p_vaddr = from->p_vaddr,
		.p_paddr = from->p_paddr,
		.p_filesz = from->p_filesz,
		.p_memsz = from->p_memsz,
		.p_align = from->p_align,
	};
}

static Elf64_Shdr wide_section(const Elf32_Shdr *from)
{
	return (Elf64_Shdr){
		.sh_name = from->sh_name,
		.sh_type = from->sh_type,
		.sh_flags = from->sh_flags,
		.sh_addr = from->sh_addr,
		.sh_offset = from->sh_offset,
		.sh_size = from->sh_size,
		.sh_link = from->sh_link,
		.sh_info = from->sh_info,
		.sh_addralign = from->sh_addralign,
		.sh_entsize = from->sh_entsize,
	};
}

static int read_segments(const struct elf_headers *headers, size_t nr, Elf64_Phdr **out)
{
	const struct elf_source *source = &headers->source;
	uint64_t offset = headers->header.e_phoff;
	Elf32_Phdr *narrow __freeing = NULL;
	int err;

	if (headers->is_64)
		return elf_source_new(source, offset, nr * sizeof(**out), SIZE_MAX, out);
	err = elf_source_new(source, offset, nr * sizeof(*narrow), SIZE_MAX, &narrow);
	if (err)
		return err;
	*out = calloc(nr, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		(*out)[i] = wide_segment(&narrow[i]);
	return 0;
}

static int read_sections(const struct elf_headers *headers, size_t nr, Elf64_Shdr **out)
{
	const struct elf_source *source = &headers->source;
	uint64_t offset = headers->header.e_shoff;
	Elf32_Shdr *narrow __freeing = NULL;
	int err;

	if (headers->is_64)
		return elf_source_new(source, offset, nr * sizeof(**out), SIZE_MAX, out);
	err = elf_source_new(source, offset, nr * sizeof(*narrow), SIZE_MAX, &narrow);
	if (err)
		return err;
	*out = calloc(nr, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		(*out)[i] = wide_section(&narrow[i]);
	return 0;
}

static bool section_size_fits(const struct elf_headers *headers)
{
	return headers->header.e_shentsize ==
	       (headers->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
}

/* Numbers that are too large for the header are in the first section (gabi, "Sections"). */
static int read_first_section(const struct elf_headers *headers, Elf64_Shdr *out)
{
	Elf64_Shdr *first __freeing = NULL;
	int err = -ENOEXEC;

	if (headers->header.e_shoff && section_size_fits(headers))
		err = read_sections(headers, 1, &first);
	if (!err)
		*out = *first;
	return err;
}

static int read_header(struct elf_headers *headers)
{
	unsigned char *ident = headers->header.e_ident;
	int err = elf_source_read(&headers->source, 0, ident, EI_NIDENT);
	Elf32_Ehdr narrow;

	if (err)
		return err;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_DATA] != ELFDATA2LSB ||
	    (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32))
		return -ENOEXEC;
	headers->is_64 = ident[EI_CLASS] == ELFCLASS64;
	if (headers->is_64)
		return elf_source_read(&headers->source, 0, &headers->header,
				       sizeof(headers->header));
	err = elf_source_read(&headers->source, 0, &narrow, sizeof(narrow));
	if (!err)
		headers->header = wide_header(&narrow);
	return err;
}

int elf_headers_read(struct elf_headers *headers, const struct elf_source *source)
{
	const Elf64_Ehdr *header = &headers->header;
	size_t nr;
	int err;

	*headers = (struct elf_headers){ .source = *source };
	err = read_header(headers);
	if (err)
		return format_error(err);
	nr = header->e_phnum;
	if (nr == PN_XNUM) {
		Elf64_Shdr first;

		err = read_first_section(headers, &first);
		if (err)
			return format_error(err);
		nr = first.sh_info;
	}
	if (nr == 0)
		return 0;
	if (nr > HEADERS_SEGMENTS_MAX)
		return -EFBIG;
	if (header->e_phentsize != (headers->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -ENOEXEC;
	err = read_segments(headers, nr, &headers->segments);
	if (!err)
		headers->nr_segments = nr;
	return format_error(err);
}

/* Names that cannot be read are none. */
static void read_names(struct elf_headers *headers, size_t index)
{
	const Elf64_Shdr *names;

	if (index >= headers->nr_sections)
		return;
	names = &headers->sections[index];
	if (names->sh_type != SHT_STRTAB ||
	    elf_source_new(&headers->source, names->sh_offset, names->sh_size, NAMES_BYTES_MAX,
			   &headers->names))
		return;
	headers->names_offset = names->sh_offset;
	headers->names_bytes = names->sh_size;
	headers->names[names->sh_size] = '\0';
}

int elf_headers_read_sections(struct elf_headers *headers)
{
	size_t nr = headers->header.e_shnum, names = headers->header.e_shstrndx;
	int err;

	if (headers->header.e_shoff == 0 || headers->sections)
		return 0;
	if (nr == 0 || names == SHN_XINDEX) {
		Elf64_Shdr first;

		err = read_first_section(headers, &first);
		if (err)
			return format_error(err);
		if (nr == 0 && first.sh_size > HEADERS_SECTIONS_MAX)
			return -EFBIG;
		nr = nr ? nr : first.sh_size;
		names = names == SHN_XINDEX ? first.sh_link : names;
	}
	if (nr == 0)
		return 0;
	if (!section_size_fits(headers))
		return -ENOEXEC;
	err = read_sections(headers, nr, &headers->sections);
	if (err)
		return format_error(err);
	headers->nr_sections = nr;
	read_names(headers, names);
	return 0;
}

void elf_headers_free(struct elf_headers *headers)
{
	free(headers->segments);
	free(headers->sections);
	free(headers->names);
}

bool elf_headers_is_loaded(const struct elf_headers *headers)
{
	return headers->header.e_type == ET_EXEC || headers->header.e_type == ET_DYN;
}

void elf_headers_code(const struct elf_headers *headers, struct elf_segments *out)
{
	out->nr = 0;
	for (size_t i = 0; i < headers->nr_segments && out->nr < ELF_SEGMENTS_MAX; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) &&
		    segment->p_filesz <= UINT64_MAX - segment->p_offset)
			out->v[out->nr++] = (struct elf_segment){
				.offset = segment->p_offset,
				.bytes = segment->p_filesz,
				.vaddr = segment->p_vaddr,
			};
	}
}

int elf_headers_offset(const struct elf_headers *headers, uint64_t vaddr, uint64_t *offset,
		       uint64_t *bytes)
{
	for (size_t i = 0; i < headers->nr_segments; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];
		uint64_t in = vaddr - segment->p_vaddr;

		if (segment->p_type != PT_LOAD || vaddr < segment->p_vaddr ||
		    in >= segment->p_filesz || in > UINT64_MAX - segment->p_offset)
			continue;
		*offset = segment->p_offset + in;
		*bytes = segment->p_filesz - in;
		return 0;
	}
	return -ENOENT;
}

const char *elf_headers_name(const struct elf_headers *headers, const Elf64_Shdr *section)
{
	return section->sh_name < headers->names_bytes ? headers->names + section->sh_name : "";
}

const Elf64_Shdr *elf_headers_section(const struct elf_headers *headers, const char *name)
{
	for (size_t i = 1; i < headers->nr_sections; i++)
		if (headers->sections[i].sh_type != SHT_NOBITS &&
		    strcmp(elf_headers_name(headers, &headers->sections[i]), name) == 0)
			return &headers->sections[i];
	return NULL;
}

const Elf64_Shdr *elf_headers_linked(const struct elf_headers *headers, const Elf64_Shdr *section)
{
	const Elf64_Shdr *linked = section->sh_link < headers->nr_sections
					   ? &headers->sections[section->sh_link]
					   : NULL;

	return linked && linked->sh_type != SHT_NOBITS ? linked : NULL;
}
