// SPDX-License-Identifier: GPL-2.0-or-later
/* debug_names.c - how build ids and links are laid out, in sections and segments. */
#include "symbol/child/elf/debug_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define NOTES_BYTES    65536
#define NOTES_MAX      256
#define BUILD_ID_LEAST 4 /* a name made of fewer would be anyone's */

/* What one of these sections or segments holds. */
struct contents {
	const unsigned char *bytes;
	size_t nr;
};

static size_t aligned(size_t at, size_t alignment)
{
	return (at + alignment - 1) & ~(alignment - 1);
}

/* Names and descriptions are padded to four bytes each, or to eight (gabi, "Note Section"). */
static void read_notes(struct build_id *id, const struct contents *notes, size_t alignment)
{
	size_t at = 0;

	for (int i = 0; i < NOTES_MAX && !id->nr; i++) {
		size_t name, text;
		Elf64_Nhdr note; /* that of 32 bits is the same */

		if (at > notes->nr || notes->nr - at < sizeof(note))
			return;
		memcpy(&note, notes->bytes + at, sizeof(note));
		name = at + sizeof(note);
		text = aligned(name + note.n_namesz, alignment);
		if (note.n_namesz > notes->nr || text > notes->nr ||
		    note.n_descsz > notes->nr - text)
			return;
		at = aligned(text + note.n_descsz, alignment);
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp(notes->bytes + name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz < BUILD_ID_LEAST || note.n_descsz > BUILD_ID_BYTES)
			continue;
		memcpy(id->bytes, notes->bytes + text, note.n_descsz);
		id->nr = note.n_descsz;
	}
}

/* Of a part of the file; what cannot be read is nothing. */
static void read_notes_at(struct build_id *id, const struct elf_source *source, uint64_t offset,
			  uint64_t bytes, uint64_t alignment)
{
	unsigned char *notes __freeing = NULL;
	struct contents contents;

	if (elf_source_new(source, offset, bytes, NOTES_BYTES, &notes))
		return;
	contents = (struct contents){ notes, bytes };
	read_notes(id, &contents, alignment == 8 ? 8 : 4);
}

static void read_build_id(struct build_id *id, const struct elf_headers *headers)
{
	for (size_t i = 0; i < headers->nr_segments && !id->nr; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];

		if (segment->p_type == PT_NOTE)
			read_notes_at(id, &headers->source, segment->p_offset, segment->p_filesz,
				      segment->p_align);
	}
	for (size_t i = 1; i < headers->nr_sections && !id->nr; i++) {
		const Elf64_Shdr *section = &headers->sections[i];

		if (section->sh_type == SHT_NOTE && !(section->sh_flags & SHF_COMPRESSED))
			read_notes_at(id, &headers->source, section->sh_offset, section->sh_size,
				      section->sh_addralign);
	}
}

/* A string, in at most DEBUG_NAME_BYTES: where what is behind it begins, 0: there is none. */
static size_t take_string(const struct contents *contents, char *text)
{
	size_t length = strnlen((const char *)contents->bytes, contents->nr);

	if (!length || length == contents->nr || length >= DEBUG_NAME_BYTES)
		return 0;
	memcpy(text, contents->bytes, length + 1);
	return length + 1;
}

/* The name, padding to four bytes, the CRC in the file's byte order. */
static void read_link(struct debug_names *out, const struct contents *contents)
{
	char name[DEBUG_NAME_BYTES];
	size_t at = aligned(take_string(contents, name), 4);

	if (!at || contents->nr < 4 || at > contents->nr - 4 || strchr(name, '/') ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return;
	memcpy(&out->link_crc, contents->bytes + at, sizeof(out->link_crc));
	memcpy(out->link, name, sizeof(name));
}

/* The name, and the rest is the build id. */
static void read_shared(struct debug_names *out, const struct contents *contents)
{
	char name[DEBUG_NAME_BYTES];
	size_t at = take_string(contents, name), nr = at ? contents->nr - at : 0;

	if (nr < BUILD_ID_LEAST || nr > BUILD_ID_BYTES)
		return;
	memcpy(out->shared_id.bytes, contents->bytes + at, nr);
	out->shared_id.nr = nr;
	memcpy(out->shared, name, sizeof(name));
}

/* The section of this name; false: there is none of a size that makes sense. */
static bool read_section(const struct elf_headers *headers, const char *name, unsigned char **bytes,
			 struct contents *out)
{
	const Elf64_Shdr *section = elf_headers_section(headers, name);

	if (!section || (section->sh_flags & SHF_COMPRESSED) ||
	    elf_source_new(&headers->source, section->sh_offset, section->sh_size, NOTES_BYTES,
			   bytes))
		return false;
	*out = (struct contents){ *bytes, section->sh_size };
	return true;
}

void debug_names_read(struct debug_names *out, const struct elf_headers *headers)
{
	unsigned char *link __freeing = NULL, *shared __freeing = NULL;
	struct contents contents;

	*out = (struct debug_names){ 0 };
	read_build_id(&out->id, headers);
	if (read_section(headers, ".gnu_debuglink", &link, &contents))
		read_link(out, &contents);
	if (read_section(headers, ".gnu_debugaltlink", &shared, &contents))
		read_shared(out, &contents);
}

void build_id_print(const struct build_id *id, char *text)
{
	text[0] = '\0';
	for (size_t i = 0; i < id->nr; i++)
		snprintf(text + 2 * i, 3, "%02x", id->bytes[i]);
}
