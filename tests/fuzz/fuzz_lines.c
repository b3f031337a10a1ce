// SPDX-License-Identifier: GPL-2.0-or-later
/* The line tables of CPython: 3.8 and 3.9, 3.10, 3.11 and later. */
#include "runtime/python/lines.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum py_line_format format = fuzz_number(&data, &size, 1) % 3;
	int64_t first_line = (int64_t)(int32_t)fuzz_number(&data, &size, 4);
	int64_t last = (int64_t)(int16_t)fuzz_number(&data, &size, 2);

	for (int64_t offset = -2; offset < 64; offset += 2)
		py_line(format, data, size, first_line, offset);
	py_line(format, data, size, first_line, last);
	/* a C int in CPython */
	py_line(format, data, size, INT32_MAX, INT64_MAX);
	py_line(format, data, size, INT32_MIN, INT64_MAX);
	return 0;
}
