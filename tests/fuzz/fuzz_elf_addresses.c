/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an interpreter's ELF file has sections and symbols. */
#include "symbol/child/elf/elf_addresses.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_address wanted[] = { { .name = ".PyRuntime" },
					{ .name = "_PyRuntime" },
					{ .name = "Py_Version" } };
	int fd = fuzz_file(data, size);
	uint64_t vaddr;

	for (uint64_t offset = 0; offset < size; offset += 4096)
		elf_addresses_read(fd, offset, offset / 4096 % 2 == 0, wanted, 3, &vaddr);
	close(fd);
	return 0;
}
