/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF files as the symbolizer reads them for names. */
#include <limits.h>

#include "symbol/elf_file.h"
#include "tests/fuzz/fuzz.h"

#define PLACES 24

static void ask(struct elf_file *file, uint64_t offset)
{
	char name[256];
	uint64_t vaddr, start;

	elf_file_after_call(file, offset);
	if (elf_file_vaddr(file, offset, &vaddr))
		return;
	if (elf_file_symbol(file, vaddr, &start, name, sizeof(name)) == 0)
		fuzz_check(strlen(name) < sizeof(name) && start <= vaddr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "main", "_PyRuntime", ".data", "" };
	struct elf_file *file;

	if (elf_file_open(&file, fuzz_file(data, size)))
		return 0;
	for (size_t i = 0; i < PLACES; i++)
		ask(file, size * i / PLACES);
	ask(file, UINT64_MAX);
	elf_file_defined(file, names, 4);
	elf_file_bytes(file);
	elf_file_close(file);
	return 0;
}
