// SPDX-License-Identifier: GPL-2.0-or-later
/* V8's tables of source positions, and of what baseline code is of which bytecode. */
#include "runtime/v8/positions.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct v8_bytecode_sizes sizes = { .nr = fuzz_number(&data, &size, 1) };
	int32_t offset = (int32_t)fuzz_number(&data, &size, 2), found;
	size_t bytecodes = fuzz_number(&data, &size, 1);
	struct v8_position position;
	struct v8_table table, code;

	if (sizes.nr > V8_BYTECODES_MAX)
		sizes.nr = V8_BYTECODES_MAX;
	for (size_t width = 0; width < 3; width++)
		for (size_t i = 0; i < sizes.nr; i++)
			sizes.sizes[width][i] = (unsigned char)(i % 5 * width + i % 3);
	if (bytecodes > size)
		bytecodes = size;
	table = (struct v8_table){ data, size };
	v8_position_find(&table, false, offset, &position);
	v8_position_find(&table, true, offset, &position);
	v8_position_find(&table, true, INT32_MAX, &position);
	v8_position_decode(fuzz_number(&data, &size, 8), &position);
	if (bytecodes > size)
		bytecodes = size;
	table = (struct v8_table){ data + bytecodes, size - bytecodes };
	code = (struct v8_table){ data, bytecodes };
	v8_baseline_find(&table, &code, &sizes, (uint64_t)offset, &found);
	v8_baseline_find(&table, &code, &sizes, UINT64_MAX, &found);
	return 0;
}
