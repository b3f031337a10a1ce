// SPDX-License-Identifier: GPL-2.0-or-later
/* debug_names.c - build ids and links, of sections and segments. */
#include "symbol/child/elf/debug_names.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECTIONS_MAX   65536
#define SEGMENTS_MAX   4096
#define NOTES_BYTES    65536
#define NOTES_MAX      256
#define BUILD_ID_LEAST 4 /* a name made of fewer would be anyone's */

static void read_notes(struct build_id *id, Elf_Data *data)
{
	size_t at = 0, name, text;
	GElf_Nhdr note;

	for (int i = 0; data && i < NOTES_MAX && !id->nr; i++) {
		at = gelf_getnote(data, at, &note, &name, &text);
		if (!at)
			return;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp((char *)data->d_buf + name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz < BUILD_ID_LEAST || note.n_descsz > BUILD_ID_BYTES)
			continue;
		memcpy(id->bytes, (char *)data->d_buf + text, note.n_descsz);
		id->nr = note.n_descsz;
	}
}

static void read_segment_notes(struct build_id *id, Elf *elf)
{
	size_t nr;

	if (elf_getphdrnum(elf, &nr) || nr > SEGMENTS_MAX)
		return;
	for (size_t i = 0; i < nr && !id->nr; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_NOTE ||
		    header.p_filesz > NOTES_BYTES || header.p_offset > INT64_MAX)
			continue;
		read_notes(id,
			   elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz,
						header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR));
	}
}

/* A string, in at most DEBUG_NAME_BYTES, and what is behind it. */
static const unsigned char *take_string(const Elf_Data *data, char *text)
{
	size_t length = data->d_buf ? strnlen(data->d_buf, data->d_size) : 0;

	if (!length || length == data->d_size || length >= DEBUG_NAME_BYTES)
		return NULL;
	memcpy(text, data->d_buf, length + 1);
	return (const unsigned char *)data->d_buf + length + 1;
}

/* The name, padding to four bytes, the CRC in the file's byte order. */
static void read_link(struct debug_names *out, Elf *elf, const Elf_Data *data)
{
	char name[DEBUG_NAME_BYTES];
	const unsigned char *behind = take_string(data, name);
	const unsigned char *start = data->d_buf;
	size_t at = behind ? ((size_t)(behind - start) + 3) & ~3ul : 0;
	GElf_Ehdr header;

	if (!behind || data->d_size < 4 || at > data->d_size - 4 || strchr(name, '/') ||
	    !strcmp(name, ".") || !strcmp(name, "..") || !gelf_getehdr(elf, &header))
		return;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int shift = header.e_ident[EI_DATA] == ELFDATA2MSB ? 24 - 8 * i : 8 * i;

		out->link_crc |= (uint32_t)start[at + i] << shift;
	}
	memcpy(out->link, name, sizeof(name));
}

/* The name, and the rest is the build id. */
static void read_shared(struct debug_names *out, const Elf_Data *data)
{
	char name[DEBUG_NAME_BYTES];
	const unsigned char *behind = take_string(data, name);
	size_t nr = behind ? data->d_size - (size_t)(behind - (unsigned char *)data->d_buf) : 0;

	if (nr < BUILD_ID_LEAST || nr > BUILD_ID_BYTES)
		return;
	memcpy(out->shared_id.bytes, behind, nr);
	out->shared_id.nr = nr;
	memcpy(out->shared, name, sizeof(name));
}

void debug_names_read(struct debug_names *out, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t nr, names;

	*out = (struct debug_names){ 0 };
	read_segment_notes(&out->id, elf);
	if (elf_getshdrnum(elf, &nr) || nr > SECTIONS_MAX || elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
		    header.sh_size > NOTES_BYTES || (header.sh_flags & SHF_COMPRESSED))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (header.sh_type == SHT_NOTE && !out->id.nr) {
			read_notes(&out->id, elf_getdata(section, NULL));
		} else if (name && !out->link[0] && !strcmp(name, ".gnu_debuglink")) {
			Elf_Data *data = elf_rawdata(section, NULL);

			if (data)
				read_link(out, elf, data);
		} else if (name && !out->shared_id.nr && !strcmp(name, ".gnu_debugaltlink")) {
			Elf_Data *data = elf_rawdata(section, NULL);

			if (data)
				read_shared(out, data);
		}
	}
}

void build_id_print(const struct build_id *id, char *text)
{
	text[0] = '\0';
	for (size_t i = 0; i < id->nr; i++)
		snprintf(text + 2 * i, 3, "%02x", id->bytes[i]);
}
