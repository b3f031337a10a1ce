// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF files as the symbolizer reads them for names: symbols, debug information,
 * also packed, tables of Go, and the names of files that belong to it.
 */
#include "symbol/child/elf/debug_names.h"
#include "symbol/child/elf/elf_file.h"
#include "symbol/child/elf/identity.h"
#include "tests/fuzz/fuzz.h"

#define PLACES 24

static bool on_line(void *context, const char *fn, const char *file, unsigned int line)
{
	size_t *nr = context;

	(void)line;
	fuzz_check(strlen(fn) < (1 << 16) && strlen(file) < (1 << 16));
	return ++*nr < 64;
}

static void ask(struct elf_file *file, uint64_t offset)
{
	struct elf_place place = { 0 };
	uint64_t vaddr;
	size_t nr = 0;

	elf_file_after_call(file, offset);
	if (elf_file_vaddr(file, offset, &vaddr))
		return;
	elf_file_lookup(file, vaddr, true, &place, on_line, &nr);
	fuzz_check(nr <= 64 && place.start <= vaddr);
}

static void ask_all(struct elf_file *file, size_t size)
{
	for (size_t i = 0; i < PLACES; i++)
		ask(file, size * i / PLACES);
	ask(file, UINT64_MAX);
}

static void ask_names(const struct elf_file *file)
{
	const struct debug_names *names = elf_file_names(file);
	char text[2 * sizeof(names->id.bytes) + 1];

	fuzz_check(names->id.nr <= sizeof(names->id.bytes));
	fuzz_check(!strchr(names->link, '/') && strlen(names->link) < sizeof(names->link));
	fuzz_check(strlen(names->shared) < sizeof(names->shared));
	build_id_print(&names->id, text);
	fuzz_check(strlen(text) == 2 * names->id.nr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "main", "_PyRuntime", ".data", "" };
	struct elf_file *file;
	int fd = fuzz_file(data, size);

	elf_identity(fd, 7);
	if (elf_file_open(&file, fd))
		return 0;
	ask_names(file);
	ask_all(file, size);
	if (elf_file_attach(file, DEBUG_FILE_OWN, fuzz_file(data, size)) == 0)
		ask_all(file, size);
	elf_file_attach(file, DEBUG_FILE_SHARED, fuzz_file(data, size));
	elf_file_shed(file);
	ask(file, size / 2);
	elf_file_defined(file, names, 4);
	elf_file_bytes(file);
	elf_file_close(file);
	return 0;
}
