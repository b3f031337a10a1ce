// SPDX-License-Identifier: GPL-2.0-or-later
/* A version that stands in a program as text. */
#include "symbol/child/elf/version.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	char version[16];

	if (version_find(fd, "version ", version, sizeof(version)) == 0)
		fuzz_check(strlen(version) < sizeof(version) && version[0] >= '0' &&
			   version[0] <= '9');
	version_find(fd, "v", version, 2);
	close(fd);
	return 0;
}
