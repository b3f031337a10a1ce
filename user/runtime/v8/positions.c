// SPDX-License-Identifier: GPL-2.0-or-later
/* positions.c - how positions and offsets are packed into bytes. */
#include "runtime/v8/positions.h"

#include <errno.h>

#define VARINT_SHIFT_MAX 63

/* src/codegen/source-position.h */
#define EXTERNAL       1u
#define OFFSET_SHIFT   1
#define OFFSET_MASK    0x3fffffffu
#define INLINING_SHIFT 31
#define INLINING_MASK  0xffffu

#define FUNCTION_ENTRY (-1) /* kFunctionEntryBytecodeOffset: where a table begins */

struct cursor {
	const unsigned char *at;
	const unsigned char *end;
};

/* Seven bits a byte, least significant first; bit 7 says that more follow. */
static bool varint(struct cursor *cursor, uint64_t *out)
{
	unsigned int shift = 0;
	unsigned char byte;

	*out = 0;
	do {
		if (cursor->at == cursor->end || shift > VARINT_SHIFT_MAX)
			return false;
		byte = *cursor->at++;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return true;
}

/* The sign in bit 0. Arithmetic is modulo 2^64: a made-up table can hold anything. */
static bool signed_varint(struct cursor *cursor, uint64_t *out)
{
	if (!varint(cursor, out))
		return false;
	*out = *out >> 1 ^ (0 - (*out & 1));
	return true;
}

int v8_position_decode(uint64_t raw, struct v8_position *out)
{
	if (raw & EXTERNAL)
		return -ENOENT;
	/* both are kept plus one */
	out->offset = (int32_t)(raw >> OFFSET_SHIFT & OFFSET_MASK) - 1;
	out->inlining = (int32_t)(raw >> INLINING_SHIFT & INLINING_MASK) - 1;
	return out->offset < 0 ? -ENOENT : 0;
}

int v8_position_find(const struct v8_table *table, bool two_bits, int32_t offset,
		     struct v8_position *out)
{
	struct cursor cursor = { table->bytes, table->bytes + table->size };
	uint64_t raw = 0, code, position, found_raw = 0;
	int64_t at = FUNCTION_ENTRY;
	bool found = false;

	while (varint(&cursor, &code) && signed_varint(&cursor, &position)) {
		code >>= two_bits ? 2 : 1;
		if (code > INT32_MAX)
			break;
		at += (int64_t)code;
		raw += position;
		if (at > offset)
			break;
		found_raw = raw;
		found = true;
	}
	return found ? v8_position_decode(found_raw, out) : -ENOENT;
}

/* src/interpreter/bytecodes.h: the first two say how wide the operands of the next are. */
#define WIDE	   0
#define EXTRA_WIDE 1

static size_t bytecode_size(const unsigned char *at, const unsigned char *end,
			    const struct v8_bytecode_sizes *sizes)
{
	size_t scale = 0, prefix = 0;

	if (*at == WIDE || *at == EXTRA_WIDE) {
		scale = *at == WIDE ? 1 : 2;
		prefix = 1;
		at++;
	}
	if (at == end || *at >= sizes->nr || !sizes->sizes[scale][*at])
		return 0;
	return prefix + sizes->sizes[scale][*at];
}

int v8_baseline_find(const struct v8_table *table, const struct v8_table *bytecodes,
		     const struct v8_bytecode_sizes *sizes, uint64_t offset,
		     int32_t *bytecode_offset)
{
	struct cursor cursor = { table->bytes, table->bytes + table->size };
	size_t at = 0, next = 0, length;
	uint64_t end, more;

	/* the code before the first bytecode's */
	if (!varint(&cursor, &end))
		return -ENOENT;
	while (end < offset) {
		if (next >= bytecodes->size || !varint(&cursor, &more))
			return -ENOENT;
		length = bytecode_size(bytecodes->bytes + next, bytecodes->bytes + bytecodes->size,
				       sizes);
		if (!length)
			return -ENOENT;
		end += more;
		at = next;
		next += length;
	}
	*bytecode_offset = (int32_t)at;
	return 0;
}
