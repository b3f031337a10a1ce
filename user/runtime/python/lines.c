// SPDX-License-Identifier: GPL-2.0-or-later
/* lines.c - the three formats of line tables: lnotab, line ranges, locations. */
#include "runtime/python/lines.h"

#include <stdbool.h>

/* Bytes of one code unit (_Py_CODEUNIT). */
#define UNIT_BYTES 2

/* PyCode_Addr2Line() of 3.9: pairs of (bytes, lines) increments. */
static int64_t lnotab_line(const unsigned char *table, size_t size, int64_t line, int64_t offset)
{
	int64_t at = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		at += table[i];
		if (at > offset)
			break;
		line += (int8_t)table[i + 1];
	}
	return line;
}

/* PyCode_Addr2Line() and advance() of 3.10: pairs of (length, line increment), -128 for no line. */
static int64_t ranges_line(const unsigned char *table, size_t size, int64_t line, int64_t offset)
{
	int64_t end = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		int8_t delta = (int8_t)table[i + 1];

		end += table[i];
		if (delta != -128)
			line += delta;
		if (end > offset)
			return delta == -128 ? 0 : line;
	}
	return 0;
}

struct cursor {
	const unsigned char *at;
	const unsigned char *end;
};

/* Six bits a byte, least significant first; bit 6 says that more follow. */
static uint32_t varint(struct cursor *cursor)
{
	uint32_t value = 0;
	unsigned int shift = 0;
	unsigned char byte;

	do {
		if (cursor->at == cursor->end || shift > 30)
			return 0;
		byte = *cursor->at++;
		value |= (uint32_t)(byte & 63) << shift;
		shift += 6;
	} while (byte & 64);
	return value;
}

/* The lowest bit is the sign. */
static int64_t signed_varint(struct cursor *cursor)
{
	uint32_t value = varint(cursor);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* Codes of entries (Objects/locations.md, enum _PyCodeLocationInfoKind). */
enum {
	LOCATION_ONE_LINE0 = 10,
	LOCATION_ONE_LINE2 = 12,
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15,
};

static int64_t location_delta(unsigned int code, struct cursor cursor)
{
	switch (code) {
	case LOCATION_ONE_LINE0 ... LOCATION_ONE_LINE2:
		return code - LOCATION_ONE_LINE0;
	case LOCATION_NO_COLUMNS:
	case LOCATION_LONG:
		return signed_varint(&cursor);
	default:
		return 0;
	}
}

static int64_t locations_line(const unsigned char *table, size_t size, int64_t line, int64_t offset)
{
	struct cursor cursor = { .at = table, .end = size ? table + size : table };
	int64_t end = 0;

	while (cursor.at < cursor.end) {
		unsigned char first = *cursor.at++;
		unsigned int code = first >> 3 & 15;

		end += ((first & 7) + 1) * UNIT_BYTES;
		line += location_delta(code, cursor);
		if (end > offset)
			return code == LOCATION_NONE ? 0 : line;
		/* Only the first byte of an entry has the top bit. */
		while (cursor.at < cursor.end && !(*cursor.at & 128))
			cursor.at++;
	}
	return 0;
}

unsigned int py_line(enum py_line_format format, const unsigned char *table, size_t size,
		     int64_t first_line, int64_t offset)
{
	int64_t line = first_line;

	if (offset >= 0) {
		switch (format) {
		case PY_LINES_LNOTAB:
			line = lnotab_line(table, size, first_line, offset);
			break;
		case PY_LINES_RANGES:
			line = ranges_line(table, size, first_line, offset);
			break;
		case PY_LINES_LOCATIONS:
			line = locations_line(table, size, first_line, offset);
			break;
		}
	}
	return line > 0 && line <= INT32_MAX ? (unsigned int)line : 0;
}
