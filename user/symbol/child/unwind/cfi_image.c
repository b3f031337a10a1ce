// SPDX-License-Identifier: GPL-2.0-or-later
/* cfi_image.c - reads headers with every number checked, and makes new ones. */
#include "symbol/child/unwind/cfi_image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define HEADERS_MAX	4096 /* of segments, and of sections */
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

struct reader {
	int fd;
	uint64_t bytes; /* of the file */
	Elf64_Ehdr header;
	Elf64_Phdr table; /* PT_GNU_EH_FRAME; p_filesz 0: none */
	struct source parts[PARTS];
};

static bool read_at(const struct reader *reader, void *to, uint64_t bytes, uint64_t offset)
{
	char *at = to;

	if (offset > reader->bytes || reader->bytes - offset < bytes)
		return false;
	while (bytes) {
		ssize_t got = pread(reader->fd, at, bytes, (off_t)offset);

		if (got <= 0)
			return false;
		at += got;
		offset += (uint64_t)got;
		bytes -= (uint64_t)got;
	}
	return true;
}

static bool header_read(struct reader *reader)
{
	const Elf64_Ehdr *header = &reader->header;

	return read_at(reader, &reader->header, sizeof(reader->header), 0) &&
	       memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
	       (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
	       header->e_phnum <= HEADERS_MAX && header->e_phentsize == sizeof(Elf64_Phdr);
}

static void *read_array(const struct reader *reader, uint64_t offset, size_t nr, size_t size)
{
	void *array = nr ? malloc(nr * size) : NULL;

	if (array && !read_at(reader, array, nr * size, offset)) {
		free(array);
		return NULL;
	}
	return array;
}

static void note_section(struct reader *reader, const Elf64_Shdr *section, const char *name)
{
	for (int part = PART_TABLE; part < PARTS; part++)
		if (strcmp(name, names + name_at[part]) == 0 && section->sh_type != SHT_NOBITS)
			reader->parts[part] = (struct source){
				section->sh_offset,
				section->sh_size,
				section->sh_addr,
				section->sh_type,
				section->sh_flags & SHF_COMPRESSED,
			};
}

static void sections_read(struct reader *reader)
{
	const Elf64_Ehdr *header = &reader->header;
	Elf64_Shdr *sections __freeing = NULL;
	const Elf64_Shdr *strings;

	if (header->e_shnum > HEADERS_MAX || header->e_shentsize != sizeof(*sections) ||
	    header->e_shstrndx >= header->e_shnum)
		return;
	sections = read_array(reader, header->e_shoff, header->e_shnum, sizeof(*sections));
	if (!sections)
		return;
	strings = &sections[header->e_shstrndx];
	for (size_t i = 0; i < header->e_shnum; i++) {
		char name[16] = "";
		uint64_t left = strings->sh_size - sections[i].sh_name;

		if (sections[i].sh_name < strings->sh_size &&
		    strings->sh_offset < UINT64_MAX - sections[i].sh_name &&
		    read_at(reader, name, left < sizeof(name) - 1 ? left : sizeof(name) - 1,
			    strings->sh_offset + sections[i].sh_name))
			note_section(reader, &sections[i], name);
	}
}

/* A file without sections: the table says where .eh_frame is, which goes on to the segment's end. */
static void find_by_table(struct reader *reader, const Elf64_Phdr *segments)
{
	const Elf64_Phdr *table = &reader->table;
	unsigned char start[TABLE_ENCODINGS];
	uint64_t vaddr;
	int32_t to;

	if (table->p_filesz < TABLE_ENCODINGS + sizeof(to) ||
	    !read_at(reader, start, sizeof(start), table->p_offset) || start[0] != 1 ||
	    start[1] != PCREL_SDATA4 ||
	    !read_at(reader, &to, sizeof(to), table->p_offset + TABLE_ENCODINGS))
		return;
	vaddr = table->p_vaddr + TABLE_ENCODINGS + (uint64_t)(int64_t)to;
	for (size_t i = 0; i < reader->header.e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i];
		uint64_t in = vaddr - segment->p_vaddr;

		if (segment->p_type != PT_LOAD || in >= segment->p_filesz)
			continue;
		reader->parts[PART_TABLE] = (struct source){ table->p_offset, table->p_filesz,
							     table->p_vaddr, SHT_PROGBITS, 0 };
		reader->parts[PART_EH] =
			(struct source){ segment->p_offset + in, segment->p_filesz - in, vaddr,
					 SHT_PROGBITS, 0 };
		return;
	}
}

static bool segments_read(struct reader *reader, struct elf_segments *out)
{
	size_t nr = reader->header.e_phnum;
	Elf64_Phdr *segments __freeing =
		read_array(reader, reader->header.e_phoff, nr, sizeof(*segments));

	if (nr && !segments)
		return false;
	for (size_t i = 0; i < nr; i++) {
		elf_segments_add(out, segments[i].p_type, segments[i].p_flags, segments[i].p_offset,
				 segments[i].p_filesz, segments[i].p_vaddr);
		if (segments[i].p_type == PT_GNU_EH_FRAME)
			reader->table = segments[i];
	}
	if (!reader->parts[PART_EH].bytes)
		find_by_table(reader, segments);
	return true;
}

/* What libdw would make of a compressed section; 0: none, or not one that it knows. */
static uint64_t inflated_bytes(const struct reader *reader, const struct source *part)
{
	Elf64_Chdr header;

	if (!(part->flags & SHF_COMPRESSED))
		return part->bytes;
	if (part->bytes < sizeof(header) || !read_at(reader, &header, sizeof(header), part->offset))
		return 0;
	return header.ch_type == ELFCOMPRESS_ZLIB ? header.ch_size : 0;
}

static int check(struct reader *reader)
{
	for (int part = PART_TABLE; part < PARTS; part++) {
		struct source *source = &reader->parts[part];

		if (source->bytes > CFI_SECTION_BYTES_MAX ||
		    inflated_bytes(reader, source) > CFI_SECTION_BYTES_MAX)
			return -EFBIG;
		if (inflated_bytes(reader, source) == 0)
			source->bytes = 0;
	}
	if (!reader->parts[PART_EH].bytes)
		reader->parts[PART_TABLE].bytes = 0;
	return 0;
}

static uint64_t aligned(uint64_t offset)
{
	return (offset + 15) & ~15ULL;
}

/* Header, section headers, names, then the parts. */
static int build(struct cfi_image *image, const struct reader *reader)
{
	Elf64_Shdr sections[PARTS] = { 0 };
	uint64_t at = aligned(sizeof(Elf64_Ehdr) + sizeof(sections));
	Elf64_Ehdr header = reader->header;

	sections[PART_NAMES] = (Elf64_Shdr){ .sh_name = name_at[PART_NAMES],
					     .sh_type = SHT_STRTAB,
					     .sh_offset = at,
					     .sh_size = sizeof(names),
					     .sh_addralign = 1 };
	at = aligned(at + sizeof(names));
	for (int part = PART_TABLE; part < PARTS; part++) {
		const struct source *source = &reader->parts[part];

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
		if (!read_at(reader, image->bytes + sections[part].sh_offset,
			     sections[part].sh_size, reader->parts[part].offset))
			return -ENOEXEC;
	return 0;
}

static int image_read(struct cfi_image *image, int fd, bool is_debug)
{
	struct reader reader = { .fd = fd };
	struct stat status;
	int err;

	*image = (struct cfi_image){ 0 };
	if (fstat(fd, &status) || status.st_size < 0)
		return -ENOEXEC;
	reader.bytes = (uint64_t)status.st_size;
	if (!header_read(&reader))
		return -ENOEXEC;
	sections_read(&reader);
	if (is_debug)
		reader.parts[PART_EH].bytes = 0;
	else if (!segments_read(&reader, &image->segments))
		return -ENOEXEC;
	image->machine = reader.header.e_machine;
	err = check(&reader);
	if (err)
		return err;
	image->has_eh_frame = reader.parts[PART_EH].bytes;
	image->has_table = reader.parts[PART_TABLE].bytes;
	image->has_debug_frame = reader.parts[PART_DEBUG].bytes;
	if (!image->has_eh_frame && !image->has_debug_frame)
		return 0;
	err = build(image, &reader);
	if (err) {
		free(image->bytes);
		image->bytes = NULL;
	}
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
