// SPDX-License-Identifier: GPL-2.0-or-later
/* Mangled names. */
#include "symbol/child/display_name.h"
#include "symbol/wire/name.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), out[512], small[7];

	fuzz_check(name_plain_length(text) <= strlen(text));
	display_name(text, out, sizeof(out));
	fuzz_check(strlen(out) < sizeof(out));
	display_name(text, small, sizeof(small));
	fuzz_check(strlen(small) < sizeof(small));
	fuzz_check(!name_better(text, text));
	fuzz_check(!(name_better(text, "write") && name_better("write", text)));
	free(text);
	return 0;
}
