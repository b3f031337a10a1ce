// SPDX-License-Identifier: GPL-2.0-or-later
/* cfi_image.c - which parts of a file libdw needs, and a header around them. */
#include "symbol/child/unwind/cfi_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/child/elf/elf_headers.h"

#define TABLE_ENCODINGS 4 /* bytes before the first encoded value of .eh_frame_hdr */
/* LSB, "DWARF Extensions", table 10-5: relative to its own place, four bytes with sign. */
#define PCREL_SDATA4 0x1b

enum part { PART_NULL, PART_NAMES, PART_TABLE, PART_EH, PART_DEBUG, PARTS };

/* libdw wants .eh_frame_hdr before .eh_frame. */
static const char names[] = "\0.shstrtab\0.eh_frame_hdr\0.eh_frame\0.debug_frame";
static const uint32_t name_at[PARTS] = { 0, 1, 11, 25, 35 };

/* Where a part is in the file. */
struct source {
	uint64_t offset;
	uint64_t bytes; /* 0: there is none */
	uint64_t vaddr;
	uint32_t type;
	uint64_t flags;
};

/* What is known of a file. */
struct parts {
	struct elf_headers headers;
	struct source v[PARTS];
};

static bool read_part(const struct parts *parts, uint64_t offset, void *to, size_t bytes)
{
	return elf_source_read(&parts->headers.source, offset, to, bytes) == 0;
}

static void find_by_sections(struct parts *parts)
{
	const struct elf_headers *headers = &parts->headers;

	for (size_t i = 0; i < headers->nr_sections; i++) {
		const Elf64_Shdr *section = &headers->sections[i];
		const char *name = elf_headers_name(headers, section);

		for (int part = PART_TABLE; part < PARTS; part++)
			if (strcmp(name, names + name_at[part]) == 0 &&
			    section->sh_type != SHT_NOBITS)
				parts->v[part] = (struct source){
					section->sh_offset,
					section->sh_size,
					section->sh_addr,
					section->sh_type,
					section->sh_flags & SHF_COMPRESSED,
				};
	}
}

/* A file without sections: the table says where .eh_frame is, which goes on to the segment's end. */
static void find_by_table(struct parts *parts, const Elf64_Phdr *table)
{
	unsigned char start[TABLE_ENCODINGS];
	uint64_t vaddr, offset, bytes;
	int32_t to;

	if (table->p_filesz < TABLE_ENCODINGS + sizeof(to) ||
	    !read_part(parts, table->p_offset, start, sizeof(start)) || start[0] != 1 ||
	    start[1] != PCREL_SDATA4 ||
	    !read_part(parts, table->p_offset + TABLE_ENCODINGS, &to, sizeof(to)))
		return;
	vaddr = table->p_vaddr + TABLE_ENCODINGS + (uint64_t)(int64_t)to;
	if (elf_headers_offset(&parts->headers, vaddr, &offset, &bytes))
		return;
	parts->v[PART_TABLE] = (struct source){ table->p_offset, table->p_filesz, table->p_vaddr,
						SHT_PROGBITS, 0 };
	parts->v[PART_EH] = (struct source){ offset, bytes, vaddr, SHT_PROGBITS, 0 };
}

static void find_by_segments(struct parts *parts)
{
	const struct elf_headers *headers = &parts->headers;
	const Elf64_Phdr *table = NULL;

	for (size_t i = 0; i < headers->nr_segments; i++)
		if (headers->segments[i].p_type == PT_GNU_EH_FRAME)
			table = &headers->segments[i];
	if (table)
		find_by_table(parts, table);
}

/* What libdw would make of a compressed section; 0: none, or not one that it knows. */
static uint64_t inflated_bytes(const struct parts *parts, const struct source *part)
{
	Elf64_Chdr header;

	if (!(part->flags & SHF_COMPRESSED))
		return part->bytes;
	if (part->bytes < sizeof(header) ||
	    !read_part(parts, part->offset, &header, sizeof(header)))
		return 0;
	return header.ch_type == ELFCOMPRESS_ZLIB ? header.ch_size : 0;
}

static int check(struct parts *parts)
{
	for (int part = PART_TABLE; part < PARTS; part++) {
		struct source *source = &parts->v[part];

		if (source->bytes > CFI_SECTION_BYTES_MAX ||
		    inflated_bytes(parts, source) > CFI_SECTION_BYTES_MAX)
			return -EFBIG;
		if (inflated_bytes(parts, source) == 0)
			source->bytes = 0;
	}
	if (!parts->v[PART_EH].bytes)
		parts->v[PART_TABLE].bytes = 0;
	return 0;
}

static uint64_t aligned(uint64_t offset)
{
	return (offset + 15) & ~15ULL;
}

/* Header, section headers, names, then the parts. */
static int build(struct cfi_image *image, const struct parts *parts)
{
	Elf64_Shdr sections[PARTS] = { 0 };
	uint64_t at = aligned(sizeof(Elf64_Ehdr) + sizeof(sections));
	Elf64_Ehdr header = parts->headers.header;

	sections[PART_NAMES] = (Elf64_Shdr){ .sh_name = name_at[PART_NAMES],
					     .sh_type = SHT_STRTAB,
					     .sh_offset = at,
					     .sh_size = sizeof(names),
					     .sh_addralign = 1 };
	at = aligned(at + sizeof(names));
	for (int part = PART_TABLE; part < PARTS; part++) {
		const struct source *source = &parts->v[part];

		sections[part] = (Elf64_Shdr){
			.sh_name = source->bytes ? name_at[part] : 0,
			.sh_type = source->bytes ? SHT_PROGBITS : SHT_NULL,
			.sh_flags = source->flags,
			.sh_addr = source->vaddr,
			.sh_offset = at,
			.sh_size = source->bytes,
			.sh_addralign = 8,
		};
		at = aligned(at + source->bytes);
	}
	header.e_phnum = 0;
	header.e_phoff = 0;
	header.e_shoff = sizeof(header);
	header.e_shnum = PARTS;
	header.e_shstrndx = PART_NAMES;
	image->bytes = calloc(1, at);
	if (!image->bytes)
		return -ENOMEM;
	image->nr = at;
	memcpy(image->bytes, &header, sizeof(header));
	memcpy(image->bytes + sizeof(header), sections, sizeof(sections));
	memcpy(image->bytes + sections[PART_NAMES].sh_offset, names, sizeof(names));
	for (int part = PART_TABLE; part < PARTS; part++)
		if (!read_part(parts, parts->v[part].offset,
			       image->bytes + sections[part].sh_offset, sections[part].sh_size))
			return -ENOEXEC;
	return 0;
}

static int read_parts(struct cfi_image *image, struct parts *parts)
{
	int err = check(parts);

	if (err)
		return err;
	image->machine = parts->headers.header.e_machine;
	image->has_eh_frame = parts->v[PART_EH].bytes;
	image->has_table = parts->v[PART_TABLE].bytes;
	image->has_debug_frame = parts->v[PART_DEBUG].bytes;
	if (!image->has_eh_frame && !image->has_debug_frame)
		return 0;
	err = build(image, parts);
	if (err) {
		free(image->bytes);
		image->bytes = NULL;
	}
	return err;
}

static int image_read(struct cfi_image *image, int fd, bool is_debug)
{
	struct elf_source source = { .fd = fd };
	struct parts parts = { .v = { { .bytes = 0 } } };
	int err = elf_headers_read(&parts.headers, &source);

	*image = (struct cfi_image){ 0 };
	if (!err && (!parts.headers.is_64 || !elf_headers_is_loaded(&parts.headers)))
		err = -ENOEXEC;
	if (!err) {
		/* without sections that make sense there may still be the table */
		elf_headers_read_sections(&parts.headers);
		find_by_sections(&parts);
		if (is_debug)
			parts.v[PART_EH].bytes = 0;
		else
			elf_headers_code(&parts.headers, &image->segments);
		if (!is_debug && !parts.v[PART_EH].bytes)
			find_by_segments(&parts);
		err = read_parts(image, &parts);
	}
	elf_headers_free(&parts.headers);
	return err;
}

int cfi_image_read(struct cfi_image *image, int fd)
{
	return image_read(image, fd, false);
}

int cfi_image_read_debug(struct cfi_image *image, int fd)
{
	return image_read(image, fd, true);
}

void cfi_image_drop_table(struct cfi_image *image)
{
	Elf64_Shdr *sections = (Elf64_Shdr *)(image->bytes + sizeof(Elf64_Ehdr));

	sections[PART_TABLE].sh_name = 0;
	image->has_table = false;
}
