// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * go_lines.c - Go's pclntab, read where it stands in the file.
 *
 * Layout: runtime/symtab.go (pcHeader, moduledata), runtime/runtime2.go (_func) and
 * runtime/symtabinl.go (inlinedCall) of Go 1.16 to 1.26; debug/gosym/pclntab.go.
 */
#include "symbol/child/elf/go_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_116 0xfffffffau
#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u

#define PIECES_MAX     8192 /* of a table of values by address */
#define SEARCHED_BYTES (4u << 20) /* of data, for what refers to the table */
#define BLOCK_BYTES    4096

/* PCDATA_InlTreeIndex and FUNCDATA_InlTree of internal/abi/symtab.go. */
#define PCDATA_INLINED	 2
#define FUNCDATA_INLINED 3
/* moduledata.gofunc from Go 1.20 on, in words. */
#define MODULE_GOFUNC 40

struct section {
	uint64_t addr;
	uint64_t offset;
	uint64_t bytes;
};

struct go_lines {
	struct elf_source source;
	uint32_t magic;
	uint32_t quantum; /* of addresses */
	struct section table;
	uint64_t text; /* address that entries are relative to */
	uint64_t nr_functions;
	/* Of parts of the table, from its start. */
	uint64_t names;
	uint64_t units;
	uint64_t files;
	uint64_t values;
	uint64_t functions;
	/* Offset in the file of what functions have besides; 0: not known. */
	uint64_t extra;
};

struct function {
	uint64_t start;
	uint64_t at; /* in the table */
	uint32_t name;
	uint32_t file_values;
	uint32_t line_values;
	uint32_t nr_pcdata;
	uint32_t unit;
	uint64_t pcdata; /* in the table */
	uint32_t nr_funcdata;
};

static bool read_part(const struct go_lines *lines, uint64_t offset, void *to, size_t bytes)
{
	return elf_source_read(&lines->source, offset, to, bytes) == 0;
}

/* Of the table; programs of 64-bit little-endian machines only are taken. */
static bool read_table(const struct go_lines *lines, uint64_t at, void *to, size_t bytes)
{
	return at <= lines->table.bytes && bytes <= lines->table.bytes - at &&
	       read_part(lines, lines->table.offset + at, to, bytes);
}

static bool read_text(const struct go_lines *lines, uint64_t at, char *text)
{
	uint64_t left = at < lines->table.bytes ? lines->table.bytes - at : 0;
	size_t bytes = left < GO_TEXT_BYTES - 1 ? (size_t)left : GO_TEXT_BYTES - 1;

	text[0] = '\0';
	if (!bytes || !read_table(lines, at, text, bytes))
		return false;
	text[bytes] = '\0';
	return text[0] != '\0';
}

/* The function's entry in the list of functions: its start, and where it is described. */
static bool entry_of(const struct go_lines *lines, uint64_t index, uint64_t *start, uint64_t *at)
{
	if (lines->magic == MAGIC_116) {
		uint64_t pair[2];

		if (!read_table(lines, lines->functions + index * sizeof(pair), pair, sizeof(pair)))
			return false;
		*start = pair[0];
		*at = pair[1];
	} else {
		uint32_t pair[2];

		if (!read_table(lines, lines->functions + index * sizeof(pair), pair, sizeof(pair)))
			return false;
		*start = lines->text + pair[0];
		*at = pair[1];
	}
	return true;
}

static bool describe(const struct go_lines *lines, uint64_t at, struct function *out)
{
	/* From the name on: 1.16 begins with a whole address, the others with an offset. */
	uint64_t from = at + (lines->magic == MAGIC_116 ? 8 : 4);
	uint32_t word[10];
	size_t nr = lines->magic == MAGIC_120 ? 10 : 9;

	if (at > lines->table.bytes || !read_table(lines, from, word, nr * sizeof(word[0])))
		return false;
	out->at = at;
	out->name = word[0];
	out->file_values = word[4];
	out->line_values = word[5];
	out->nr_pcdata = word[6];
	out->unit = word[7];
	out->pcdata = from + nr * sizeof(word[0]);
	out->nr_funcdata = word[nr - 1] >> 24; /* the last byte */
	return true;
}

static bool find_function(const struct go_lines *lines, uint64_t vaddr, struct function *out)
{
	uint64_t low = 0, high = lines->nr_functions, start, at;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!entry_of(lines, middle, &start, &at))
			return false;
		if (start <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	/* Behind the last function is where the text ends. */
	if (low == 0 ||
	    (low == lines->nr_functions && (!entry_of(lines, low, &start, &at) || vaddr >= start)))
		return false;
	if (!entry_of(lines, low - 1, &out->start, &at) || at > lines->table.bytes)
		return false;
	return describe(lines, lines->functions + at, out);
}

/* Bytes of a list of values, block by block. */
struct stream {
	const struct go_lines *lines;
	uint64_t next; /* in the table */
	unsigned char block[256];
	size_t at;
	size_t nr;
};

static bool next_number(struct stream *stream, uint32_t *out)
{
	*out = 0;
	for (unsigned int shift = 0; shift < 35; shift += 7) {
		if (stream->at == stream->nr) {
			uint64_t bytes = stream->lines->table.bytes;

			if (stream->next >= bytes)
				return false;
			bytes -= stream->next;
			stream->nr = bytes < sizeof(stream->block) ? (size_t)bytes
								   : sizeof(stream->block);
			stream->at = 0;
			if (!read_table(stream->lines, stream->next, stream->block, stream->nr))
				return false;
			stream->next += stream->nr;
		}
		*out |= (uint32_t)(stream->block[stream->at] & 0x7f) << shift;
		if (!(stream->block[stream->at++] & 0x80))
			return true;
	}
	return false;
}

/* The value of a table at an address of the function; -1: there is none. */
static int32_t value_at(const struct go_lines *lines, const struct function *function,
			uint32_t values, uint64_t vaddr)
{
	struct stream stream = { .lines = lines, .next = lines->values + values };
	uint64_t pc = function->start;
	int32_t value = -1;

	if (!values)
		return -1;
	for (unsigned int i = 0; i < PIECES_MAX; i++) {
		uint32_t up, ahead;

		if (!next_number(&stream, &up) || (up == 0 && i > 0) ||
		    !next_number(&stream, &ahead))
			return -1;
		/* The sign is in the lowest bit. */
		value = (int32_t)((uint32_t)value + (up & 1 ? ~(up >> 1) : up >> 1));
		pc += (uint64_t)ahead * lines->quantum;
		if (vaddr < pc)
			return value;
	}
	return -1;
}

static void find_place(const struct go_lines *lines, const struct function *function,
		       uint64_t vaddr, struct go_line *out)
{
	int32_t file = value_at(lines, function, function->file_values, vaddr);
	int32_t line = value_at(lines, function, function->line_values, vaddr);
	uint32_t name;

	out->file[0] = '\0';
	out->line = 0;
	if (file < 0 ||
	    !read_table(lines, lines->units + 4 * ((uint64_t)function->unit + (uint32_t)file),
			&name, sizeof(name)) ||
	    name == UINT32_MAX || !read_text(lines, lines->files + name, out->file))
		return;
	out->line = line > 0 ? (unsigned int)line : 0;
}

/* Which of its inlined calls an address of the function is in: an index, -1: none. */
static int32_t inlined_at(const struct go_lines *lines, const struct function *function,
			  uint64_t vaddr)
{
	uint32_t values;

	if (function->nr_pcdata <= PCDATA_INLINED ||
	    !read_table(lines, function->pcdata + 4 * PCDATA_INLINED, &values, sizeof(values)))
		return -1;
	return value_at(lines, function, values, vaddr);
}

struct inlined_call {
	uint32_t id;
	uint32_t name;
	uint32_t parent; /* an address that is where the call was, from the function's start */
	uint32_t line; /* where the inlined function starts */
};

static bool read_inlined(const struct go_lines *lines, const struct function *function,
			 int32_t index, struct inlined_call *out)
{
	uint32_t tree;

	return lines->extra && function->nr_funcdata > FUNCDATA_INLINED &&
	       function->nr_pcdata < 64 &&
	       read_table(lines, function->pcdata + 4 * (function->nr_pcdata + FUNCDATA_INLINED),
			  &tree, sizeof(tree)) &&
	       tree != UINT32_MAX &&
	       read_part(lines, lines->extra + tree + sizeof(*out) * (uint64_t)index, out,
			 sizeof(*out));
}

void go_lines_find(const struct go_lines *lines, uint64_t vaddr, struct go_found *out)
{
	struct function function;
	struct go_line *last;
	uint64_t at = vaddr;
	int32_t index;

	out->nr = 0;
	if (!find_function(lines, vaddr, &function))
		return;
	out->start = function.start;
	while ((index = inlined_at(lines, &function, at)) >= 0) {
		struct go_line *line = &out->v[out->nr];
		struct inlined_call call;

		/* The place is of a function that is not known: then none is given. */
		if (out->nr == GO_FUNCTIONS_MAX - 1 ||
		    !read_inlined(lines, &function, index, &call) ||
		    !read_text(lines, lines->names + call.name, line->fn))
			break;
		find_place(lines, &function, at, line);
		out->nr++;
		at = function.start + call.parent;
	}
	last = &out->v[out->nr];
	*last = (struct go_line){ .line = 0 };
	if (!read_text(lines, lines->names + function.name, last->fn)) {
		out->nr = 0;
		return;
	}
	if (index < 0)
		find_place(lines, &function, at, last);
	out->nr++;
}

static bool is_table(const char *name)
{
	return !strcmp(name, ".gopclntab") || !strcmp(name, ".data.rel.ro.gopclntab");
}

/* The sections that are asked for; false: there is no table. */
struct sections {
	struct section table;
	struct section text;
	struct section data[3]; /* where moduledata may be */
	size_t nr_data;
};

static bool find_sections(const struct elf_headers *headers, struct sections *out)
{
	static const char *const data[] = { ".go.module", ".noptrdata", ".data" };

	for (size_t i = 1; i < headers->nr_sections; i++) {
		const Elf64_Shdr *header = &headers->sections[i];
		const char *name = elf_headers_name(headers, header);
		struct section section = { header->sh_addr, header->sh_offset, header->sh_size };

		if (header->sh_type == SHT_NOBITS)
			continue;
		for (size_t d = 0; d < sizeof(data) / sizeof(data[0]); d++)
			if (!strcmp(name, data[d]) && out->nr_data < 3)
				out->data[out->nr_data++] = section;
		if (is_table(name))
			out->table = section;
		else if (!strcmp(name, ".text"))
			out->text = section;
	}
	return out->table.bytes > 0;
}

static bool read_header(struct go_lines *lines, const struct sections *sections)
{
	unsigned char first[8];
	uint64_t word[8] = { 0 };
	size_t skip;

	if (!read_table(lines, 0, first, sizeof(first)) ||
	    !read_table(lines, sizeof(first), word, sizeof(word)))
		return false;
	memcpy(&lines->magic, first, sizeof(lines->magic));
	lines->quantum = first[6];
	if ((lines->magic != MAGIC_116 && lines->magic != MAGIC_118 && lines->magic != MAGIC_120) ||
	    first[4] || first[5] || !lines->quantum || lines->quantum > 4 || first[7] != 8)
		return false;
	/* The number of functions, of files; then, but for 1.16, where the text is. */
	skip = lines->magic == MAGIC_116 ? 2 : 3;
	lines->nr_functions = word[0];
	lines->text = skip == 3 && word[2] ? word[2] : sections->text.addr;
	lines->names = word[skip];
	lines->units = word[skip + 1];
	lines->files = word[skip + 2];
	lines->values = word[skip + 3];
	lines->functions = word[skip + 4];
	for (size_t i = 0; i < 5; i++)
		if (word[skip + i] > lines->table.bytes)
			return false;
	return lines->nr_functions < lines->table.bytes / 8;
}

/* moduledata begins with the addresses of the table and of its names. */
static uint64_t find_module(const struct go_lines *lines, const struct section *data)
{
	uint64_t wanted[2] = { lines->table.addr, lines->table.addr + lines->names };
	uint64_t block[BLOCK_BYTES / 8 + 1];

	for (uint64_t at = 0; at + 16 <= data->bytes && at < SEARCHED_BYTES; at += BLOCK_BYTES) {
		uint64_t left = data->bytes - at;
		size_t bytes = left < sizeof(block) ? (size_t)left : sizeof(block);

		if (!read_part(lines, data->offset + at, block, bytes))
			break;
		for (size_t i = 0; i + 1 < bytes / 8; i++)
			if (block[i] == wanted[0] && block[i + 1] == wanted[1])
				return data->offset + at + 8 * i;
	}
	return 0;
}

/* What the table leaves to moduledata. Without it inlined calls have no names. */
static void find_extra(struct go_lines *lines, const struct elf_headers *headers,
		       const struct sections *sections)
{
	uint64_t module = 0, addr, bytes;

	if (lines->magic != MAGIC_120)
		return;
	for (size_t i = 0; i < sections->nr_data && !module; i++)
		module = find_module(lines, &sections->data[i]);
	if (!module || !read_part(lines, module + 8 * MODULE_GOFUNC, &addr, sizeof(addr)) ||
	    elf_headers_offset(headers, addr, &lines->extra, &bytes))
		lines->extra = 0;
}

int go_lines_new(struct go_lines **out, const struct elf_headers *headers)
{
	struct sections sections = { .nr_data = 0 };
	struct go_lines *lines;

	if (!headers->is_64 || !find_sections(headers, &sections))
		return -ENOENT;
	lines = calloc(1, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	lines->source = headers->source;
	lines->table = sections.table;
	if (!read_header(lines, &sections)) {
		free(lines);
		return -ENOENT;
	}
	find_extra(lines, headers, &sections);
	*out = lines;
	return 0;
}

void go_lines_free(struct go_lines *lines)
{
	free(lines);
}
