// SPDX-License-Identifier: GPL-2.0-or-later
/* file_answers.c - from what the readers of ELF files give to answers of bounded size. */
#include "symbol/child/file_answers.h"

#include <stdio.h>
#include <string.h>

#include "symbol/child/display_name.h"
#include "symbol/child/elf/debug_names.h"
#include "symbol/child/elf/elf_addresses.h"
#include "symbol/child/elf/elf_file.h"
#include "symbol/child/elf/objects.h"
#include "symbol/child/elf/version.h"

_Static_assert(ANSWER_ID_BYTES == BUILD_ID_TEXT_BYTES, "any build id fits");

/* The strings of a text, which stay where it is; how many. */
static size_t split(const struct request_text *text, const char **strings, size_t max)
{
	size_t nr = 0;

	for (const char *at = text->v, *end = at + text->bytes; at < end && nr < max;
	     at += strlen(at) + 1)
		strings[nr++] = at;
	return nr;
}

static void add_text(struct answer_symbol *out, const char *text)
{
	size_t bytes = strlen(text) + 1;

	memcpy(out->text + out->text_bytes, text, bytes);
	out->text_bytes += (uint32_t)bytes;
}

/* False: there is no room for it. */
static bool add_line(void *context, const char *fn, const char *file, unsigned int line)
{
	struct answer_symbol *out = context;
	char name[ANSWER_NAME_BYTES] = "";

	if (*fn)
		display_name(fn, name, sizeof(name));
	if (out->nr_lines == ANSWER_LINES_MAX ||
	    strlen(name) + strlen(file) + 2 > sizeof(out->text) - out->text_bytes)
		return false;
	out->lines[out->nr_lines++] = line;
	add_text(out, name);
	add_text(out, file);
	return true;
}

void file_answer_symbol(struct elf_file *file, const struct request *request,
			struct answer_symbol *out)
{
	uint64_t offset = request->symbol.offset;
	uint32_t back = request->symbol.is_return ? 1 : 0;
	struct elf_place place;

	build_id_print(&elf_file_names(file)->id, out->build_id);

	/* The end of a function is where the call to one that never returns would return to. */
	if (offset < back || elf_file_vaddr(file, offset - back, &out->vaddr)) {
		out->vaddr = offset;
		return;
	}
	out->vaddr += back;
	out->after_call = elf_file_after_call(file, offset);
	elf_file_lookup(file, out->vaddr - back, !request->symbol.without_lines, &place, add_line,
			out);
	if (place.start)
		out->symbol_offset = out->vaddr - place.start;
	out->incomplete = place.incomplete;
	out->wants = elf_file_wants(file);
}

uint64_t file_answer_defined(struct elf_file *file, const struct request *request)
{
	const char *names[REQUEST_NAMES_MAX];

	return elf_file_defined(file, names,
				split(&request->defined.names, names, REQUEST_NAMES_MAX));
}

void file_answer_links(const struct elf_file *file, struct answer *answer)
{
	const struct debug_names *names = elf_file_names(file);

	_Static_assert(sizeof(answer->links.own.name) == sizeof(names->link), "any name fits");
	build_id_print(&names->id, answer->links.own.id);
	memcpy(answer->links.own.name, names->link, sizeof(names->link));
	build_id_print(&names->shared_id, answer->links.shared.id);
	memcpy(answer->links.shared.name, names->shared, sizeof(names->shared));
}

int file_answer_version(int fd, const struct request *request, struct answer *answer)
{
	if (version_find(fd, request->version.before.v, answer->version, sizeof(answer->version)))
		answer->version[0] = '\0';
	return 0;
}

/* What there is no room for is left out. */
int file_answer_objects(int fd, const struct request *request, struct answer_objects *out)
{
	struct object objects[ANSWER_OBJECTS_MAX];
	unsigned char bytes[ANSWER_OBJECTS_MAX][OBJECT_BYTES_MAX];
	const char *names[ANSWER_OBJECTS_MAX];
	size_t nr = split(&request->objects.names, names, ANSWER_OBJECTS_MAX), used = 0;
	int err;

	for (size_t i = 0; i < nr; i++)
		objects[i] = (struct object){ .name = names[i], .bytes = bytes[i] };
	err = objects_read(fd, request->objects.local, objects, nr);
	for (size_t i = 0; !err && i < nr && objects[i].nr <= sizeof(out->contents) - used; i++) {
		out->bytes[out->nr++] = (uint32_t)objects[i].nr;
		memcpy(out->contents + used, bytes[i], objects[i].nr);
		used += objects[i].nr;
	}
	return err;
}

/* A file of which they cannot be read may have names for all that: it is no error. */
int file_answer_addresses(int fd, const struct request *request, struct answer_addresses *out)
{
	struct elf_address wanted[ANSWER_ADDRESSES_MAX];
	const char *names[ANSWER_ADDRESSES_MAX];
	size_t nr = split(&request->addresses.names, names, ANSWER_ADDRESSES_MAX);

	for (size_t i = 0; i < nr; i++)
		wanted[i] = (struct elf_address){ .name = names[i] };
	if (elf_addresses_read(fd, request->addresses.offset, request->addresses.local, wanted, nr,
			       &out->vaddr))
		return 0;
	out->nr = (uint32_t)nr;
	for (size_t i = 0; i < nr; i++)
		out->v[i] = wanted[i].addr;
	return 0;
}
