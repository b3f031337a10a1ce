/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that blockprof itself reads of an interpreter's ELF file. */
#include <elf.h>

#include "runtime/python/elf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct py_elf_symbol symbols[] = { { .name = "_PyRuntime" }, { .name = "Py_Version" } };
	int fd = fuzz_file(data, size);
	struct py_elf elf;
	uint64_t value;

	if (py_elf_open(&elf, fd) == 0) {
		for (uint64_t offset = 0; offset < size; offset += 4096)
			py_elf_bias(&elf, 0x7f0000000000 + offset, offset, &value);
		py_elf_section(&elf, ".PyRuntime", &value);
		py_elf_symbols(&elf, SHT_DYNSYM, symbols, 2);
		py_elf_symbols(&elf, SHT_SYMTAB, symbols, 2);
		py_elf_close(&elf);
	}
	close(fd);
	return 0;
}
