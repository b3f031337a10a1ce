// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of options that the service reads. */
#include <stdio.h>

#include "serve/defaults.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	struct defaults defaults = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (defaults_read(path, &defaults) == 0)
		for (size_t i = 0; i < defaults.nr; i++)
			fuzz_check(strlen(defaults.words[i]) <= size);
	defaults_free(&defaults);
	close(fd);
	return 0;
}
