// SPDX-License-Identifier: GPL-2.0-or-later
/* Where an interpreter's ELF file has sections and symbols, and what its variables hold. */
#include "symbol/child/elf/elf_addresses.h"
#include "symbol/child/elf/objects.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_address wanted[] = { { .name = ".PyRuntime" },
					{ .name = "_PyRuntime" },
					{ .name = "Py_Version" } };
	unsigned char bytes[2][OBJECT_BYTES_MAX];
	struct object objects[] = { { .name = "_PyRuntime", .bytes = bytes[0] },
				    { .name = "Py_Version", .bytes = bytes[1] } };
	int fd = fuzz_file(data, size);
	uint64_t vaddr;

	for (uint64_t offset = 0; offset < size; offset += 4096)
		elf_addresses_read(fd, offset, offset / 4096 % 2 == 0, wanted, 3, &vaddr);
	for (int local = 0; local < 2; local++)
		if (objects_read(fd, local, objects, 2) == 0)
			fuzz_check(objects[0].nr <= OBJECT_BYTES_MAX &&
				   objects[1].nr <= OBJECT_BYTES_MAX);
	close(fd);
	return 0;
}
