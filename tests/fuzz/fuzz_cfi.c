// SPDX-License-Identifier: GPL-2.0-or-later
/* Call frame information of one ELF file, at places all over it. */
#include "symbol/child/unwind/cfi.h"
#include "tests/fuzz/fuzz.h"

#define PLACES 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_row row;
	struct cfi *cfi;

	if (cfi_open(&cfi, fuzz_file(data, size)))
		return 0;
	for (size_t i = 0; i < PLACES; i++) {
		uint64_t offset = size * i / PLACES, vaddr;
		unsigned char text[16];

		cfi_text(cfi, offset, text, sizeof(text));
		if (cfi_vaddr(cfi, offset, &vaddr) || cfi_row(cfi, vaddr, &row))
			continue;
		fuzz_check(row.nr <= BP_REGISTERS);
		for (unsigned int r = 0; r < row.nr; r++)
			fuzz_check(row.rules[r].reg < BP_REGISTERS);
	}
	cfi_row(cfi, UINT64_MAX, &row);
	fuzz_check(cfi_bytes(cfi) < (64u << 20));
	cfi_close(cfi);
	return 0;
}
