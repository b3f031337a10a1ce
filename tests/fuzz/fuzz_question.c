// SPDX-License-Identifier: GPL-2.0-or-later
/* A resolver's question in a copy of its stack. */
#include <ctype.h>

#include "capture/question.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of its own size: what is behind it is seen to be read */
	unsigned char *bytes = malloc(size ? size : 1);
	char *name;

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	name = question_name(bytes, size);
	for (const char *at = name; at && *at; at++)
		fuzz_check(isgraph((unsigned char)*at));
	free(name);
	free(bytes);
	return 0;
}
