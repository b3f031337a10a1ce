// SPDX-License-Identifier: GPL-2.0-or-later
/* dwarf_lines.c - lines and inlined functions by libdw, within limits of size and time. */
#include "symbol/child/elf/dwarf_lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/strings.h"
#include "symbol/child/elf/dwarf_units.h"

#define SECTIONS_MAX  65536
#define INFLATED_MAX  (192u << 20) /* bytes that compressed sections may become in all */
#define ARANGES_BYTES (32u << 20)
#define PROGRAM_MAX   (16u << 20) /* bytes of a unit's line number program */
#define BLOCKS_MAX    256 /* lexical blocks and inlined functions one in the other */
#define SCOPES_MAX_NS (300 * NS_PER_MS)
#define LARGE_BYTES   (16u << 20)
#define CHECKED_EACH  256 /* entries between looks at the clock */

struct dwarf_lines {
	Elf *elf;
	Dwarf *dwarf;
	Elf *shared_elf;
	Dwarf *shared;
	struct dwarf_units *units;
	Elf_Data *programs; /* .debug_line; NULL: none */
	char *mapped; /* the file, if it is a large one; else NULL */
	size_t mapped_bytes;
};

/* After ".debug_" or ".zdebug_"; NULL: it is no such section. */
static const char *debug_name(const char *section)
{
	if (starts_with(section, ".debug_"))
		return section + strlen(".debug_");
	return starts_with(section, ".zdebug_") ? section + strlen(".zdebug_") : NULL;
}

static bool is_needed(const char *name)
{
	static const char *const needed[] = { "info",	  "abbrev",	 "line",   "str",
					      "line_str", "ranges",	 "addr",   "rnglists",
					      "types",	  "str_offsets", "aranges" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!strcmp(name, needed[i]))
			return true;
	return false;
}

/* What a section becomes in memory when libdw reads it, besides the mapped file. */
static uint64_t inflated_bytes(Elf_Scn *section, const GElf_Shdr *header, const char *section_name)
{
	GElf_Chdr compressed;

	if (header->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &compressed) ? compressed.ch_size : UINT64_MAX;
	if (section_name[1] == 'z') {
		/* "ZLIB" and the size, big-endian (binutils, before SHF_COMPRESSED). */
		Elf_Data *data = elf_rawdata(section, NULL);
		const unsigned char *bytes = data && data->d_size >= 12 ? data->d_buf : NULL;
		uint64_t size = 0;

		for (int i = 4; bytes && i < 12; i++)
			size = size << 8 | bytes[i];
		return bytes ? size : UINT64_MAX;
	}
	return 0;
}

/*
 * libdw reads, and inflates, all sections at once: those that are not needed here
 * are hidden from it. 0 or -errno.
 */
static int hide_sections(Elf *elf)
{
	uint64_t inflated = 0;
	bool has_info = false;
	size_t nr, names;

	if (elf_getshdrnum(elf, &nr) || elf_getshdrstrndx(elf, &names))
		return -ENOEXEC;
	if (nr > SECTIONS_MAX)
		return -EFBIG;
	for (size_t i = 1; i < nr; i++) {
		Elf_Scn *section = elf_getscn(elf, i);
		const char *section_name, *name;
		GElf_Shdr header;
		uint64_t bytes;

		if (!section || !gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		section_name = elf_strptr(elf, names, header.sh_name);
		name = section_name ? debug_name(section_name) : NULL;
		if (!name)
			continue;
		bytes = inflated_bytes(section, &header, section_name);
		if (!is_needed(name) ||
		    (!strcmp(name, "aranges") &&
		     (bytes > ARANGES_BYTES || header.sh_size > ARANGES_BYTES))) {
			header.sh_type = SHT_NOBITS;
			if (!gelf_update_shdr(section, &header))
				return -ENOEXEC;
			continue;
		}
		if (bytes > INFLATED_MAX || inflated + bytes > INFLATED_MAX)
			return -EFBIG;
		inflated += bytes;
		has_info |= !strcmp(name, "info");
	}
	return has_info ? 0 : -ENOENT;
}

static int open_dwarf(int fd, Elf **elf, Dwarf **dwarf)
{
	int err;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	*elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	err = *elf && elf_kind(*elf) == ELF_K_ELF ? hide_sections(*elf) : -ENOEXEC;
	if (err)
		return err;
	*dwarf = dwarf_begin_elf(*elf, DWARF_C_READ, NULL);
	return *dwarf ? 0 : -ENOEXEC;
}

static void find_programs(struct dwarf_lines *lines)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(lines->elf, &names))
		return;
	while ((section = elf_nextscn(lines->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(lines->elf, names, header.sh_name);
		name = name ? debug_name(name) : NULL;
		if (name && !strcmp(name, "line"))
			lines->programs = elf_getdata(section, NULL);
	}
}

int dwarf_lines_new(struct dwarf_lines **out, int fd)
{
	struct dwarf_lines *lines = calloc(1, sizeof(*lines));
	int err;

	if (!lines)
		return -ENOMEM;
	err = open_dwarf(fd, &lines->elf, &lines->dwarf);
	if (!err)
		err = dwarf_units_new(&lines->units, lines->dwarf);
	if (err) {
		dwarf_lines_free(lines);
		return err;
	}
	find_programs(lines);
	lines->mapped = elf_rawfile(lines->elf, &lines->mapped_bytes);
	if (lines->mapped_bytes < LARGE_BYTES)
		lines->mapped = NULL;
	*out = lines;
	return 0;
}

void dwarf_lines_free(struct dwarf_lines *lines)
{
	if (!lines)
		return;
	dwarf_units_free(lines->units);
	dwarf_end(lines->dwarf);
	dwarf_end(lines->shared);
	elf_end(lines->elf);
	elf_end(lines->shared_elf);
	free(lines);
}

int dwarf_lines_share(struct dwarf_lines *lines, int fd)
{
	int err = lines->shared_elf ? -EEXIST : open_dwarf(fd, &lines->shared_elf, &lines->shared);

	if (!err)
		dwarf_setalt(lines->dwarf, lines->shared);
	return err;
}

/* Whether the unit's lines are few enough to be read: libdw reads them all at once. */
static bool has_lines(const struct dwarf_lines *lines, Dwarf_Die *unit, bool *incomplete)
{
	const Elf_Data *data = lines->programs;
	Dwarf_Attribute attribute;
	uint32_t bytes;
	Dwarf_Word at;

	if (!data || !data->d_buf || !dwarf_attr(unit, DW_AT_stmt_list, &attribute) ||
	    dwarf_formudata(&attribute, &at) || at > data->d_size || data->d_size - at < 4)
		return false;
	/* The first word is the length; 64-bit DWARF (0xffffffff) is for what is larger still. */
	memcpy(&bytes, (const char *)data->d_buf + at, sizeof(bytes));
	*incomplete |= bytes > PROGRAM_MAX;
	return bytes <= PROGRAM_MAX;
}

static const char *function_name(Dwarf_Die *die)
{
	static const unsigned int kinds[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name,
					      DW_AT_name };
	const char *name = NULL;
	Dwarf_Attribute attribute;

	/* By way of abstract origins and specifications, of which libdw follows 16 at most. */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !name; i++)
		if (dwarf_attr_integrate(die, kinds[i], &attribute))
			name = dwarf_formstring(&attribute);
	return name && *name ? name : NULL;
}

static uint64_t number_of(Dwarf_Die *die, unsigned int kind)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_attr(die, kind, &attribute) && !dwarf_formudata(&attribute, &value) ? value
											 : 0;
}

/* Where a function was called that is inlined now. */
static void place_of_call(Dwarf_Die *inlined, Dwarf_Files *files, struct dwarf_line *out)
{
	uint64_t line = number_of(inlined, DW_AT_call_line);
	uint64_t file = number_of(inlined, DW_AT_call_file);

	if (files && dwarf_hasattr(inlined, DW_AT_call_file))
		out->file = dwarf_filesrc(files, file, NULL, NULL);
	out->line = line <= INT32_MAX ? (unsigned int)line : 0;
}

static void place_of_address(Dwarf_Die *unit, uint64_t vaddr, struct dwarf_line *out)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, vaddr);
	int number = 0;

	if (!line)
		return;
	out->file = dwarf_linesrc(line, NULL, NULL);
	/* 0: code of no line, which the compiler made up. */
	if (!dwarf_lineno(line, &number) && number > 0)
		out->line = (unsigned int)number;
}

/* The next lexical block or inlined function in die that has the address. */
static bool next_scope(Dwarf_Die *die, uint64_t vaddr, uint64_t until_ns, bool *incomplete)
{
	unsigned int steps = 0;
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);

		if ((tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) &&
		    dwarf_haspc(&child, vaddr) > 0) {
			*die = child;
			return true;
		}
		if (++steps % CHECKED_EACH == 0 && clock_coarse_ns() > until_ns) {
			*incomplete = true;
			return false;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* Inlined functions at the address, outermost first; how many. */
static size_t find_inlined(Dwarf_Die *function, uint64_t vaddr, Dwarf_Die *inlined,
			   bool *incomplete)
{
	uint64_t until_ns = clock_coarse_ns() + SCOPES_MAX_NS;
	Dwarf_Die die = *function;
	size_t nr = 0;

	for (unsigned int depth = 0; next_scope(&die, vaddr, until_ns, incomplete); depth++) {
		if (depth == BLOCKS_MAX || nr == DWARF_FUNCTIONS_MAX - 1) {
			*incomplete = true;
			break;
		}
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			inlined[nr++] = die;
	}
	return nr;
}

/*
 * What was looked at of a large file stays in the page cache, and need not stay in
 * this process: with large folios, a look into each unit maps the whole file.
 */
static void leave_pages(const struct dwarf_lines *lines)
{
	if (lines->mapped)
		madvise(lines->mapped, lines->mapped_bytes, MADV_DONTNEED);
}

static bool is_split(Dwarf_Die *unit)
{
	return dwarf_hasattr(unit, DW_AT_dwo_name) || dwarf_hasattr(unit, DW_AT_GNU_dwo_name);
}

void dwarf_lines_find(struct dwarf_lines *lines, uint64_t vaddr, struct dwarf_found *out)
{
	Dwarf_Die unit, function, inlined[DWARF_FUNCTIONS_MAX];
	struct dwarf_line here = { 0 };
	bool incomplete = false;
	Dwarf_Files *files = NULL;
	size_t nr = 0;

	out->nr = 0;
	out->start = 0;
	if (dwarf_units_find(lines->units, vaddr, &unit, &incomplete)) {
		Dwarf_Addr start;

		incomplete |= is_split(&unit);
		if (has_lines(lines, &unit, &incomplete)) {
			if (dwarf_getsrcfiles(&unit, &files, &(size_t){ 0 }))
				files = NULL;
			place_of_address(&unit, vaddr, &here);
		}
		if (dwarf_units_function(lines->units, &unit, vaddr, &function, &incomplete)) {
			nr = find_inlined(&function, vaddr, inlined, &incomplete);
			if (!dwarf_lowpc(&function, &start))
				out->start = start;
			here.fn = function_name(&function);
		}
	}
	/* From the innermost to the function: each is at the place where the next inner one was called. */
	for (; nr; nr--) {
		const char *outermost = here.fn;

		here.fn = function_name(&inlined[nr - 1]);
		out->v[out->nr++] = here;
		here = (struct dwarf_line){ .fn = outermost };
		place_of_call(&inlined[nr - 1], files, &here);
	}
	if (here.fn || here.file)
		out->v[out->nr++] = here;
	out->incomplete = incomplete;
	leave_pages(lines);
}
