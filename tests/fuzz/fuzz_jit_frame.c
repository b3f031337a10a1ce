// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of perf maps into function, file and line. */
#include "capture/jit_frame.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct jit_frame frame;

	jit_frame_split(text, &frame);
	fuzz_check(strlen(frame.fn) < sizeof(frame.fn) && strlen(frame.file) < sizeof(frame.file));
	free(text);
	return 0;
}
