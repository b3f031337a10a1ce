// SPDX-License-Identifier: GPL-2.0-or-later
/* escape.c - foreign bytes made harmless, and how wide they are. */
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

#define ELLIPSIS	 "..."
#define ELLIPSIS_COLUMNS 3

/*
 * One character of UTF-8 as RFC 3629 has it: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF. Returns its bytes, 0: invalid.
 */
static size_t decode(const char *s, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)s;
	size_t bytes;
	uint32_t c;

	if (byte[0] < 0x80) {
		*out = byte[0];
		return 1;
	}
	if ((byte[0] & 0xe0) == 0xc0)
		bytes = 2;
	else if ((byte[0] & 0xf0) == 0xe0)
		bytes = 3;
	else if ((byte[0] & 0xf8) == 0xf0)
		bytes = 4;
	else
		return 0;
	c = byte[0] & (0x7fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if ((byte[i] & 0xc0) != 0x80) /* a NUL ends here too */
			return 0;
		c = c << 6 | (byte[i] & 0x3f);
	}
	if (c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return bytes;
}

static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || /* C0, DEL, C1 */
	       c == 0x061c || (c >= 0x200e && c <= 0x200f) || /* direction marks */
	       (c >= 0x2028 && c <= 0x202e) || /* separators, embeddings, overrides */
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff; /* isolates, byte order mark */
}

static char *escape(const char *s, bool (*harmful)(uint32_t c))
{
	static const char digits[] = "0123456789abcdef";
	size_t length = strlen(s);
	char *out, *end;

	if (length > (SIZE_MAX - 1) / 4)
		return NULL;
	out = end = malloc(4 * length + 1);
	if (!out)
		return NULL;
	while (*s) {
		uint32_t c;
		size_t bytes;

		/* most are so, and harm nobody */
		if (*s >= ' ' && *s <= '~') {
			*end++ = *s++;
			continue;
		}
		bytes = decode(s, &c);
		if (bytes && !(harmful && harmful(c))) {
			memcpy(end, s, bytes);
			end += bytes;
			s += bytes;
			continue;
		}
		for (size_t i = 0; i < (bytes ? bytes : 1); i++, s++) {
			*end++ = '\\';
			*end++ = 'x';
			*end++ = digits[(unsigned char)*s >> 4];
			*end++ = digits[(unsigned char)*s & 15];
		}
	}
	*end = '\0';
	return out;
}

char *escape_text(const char *s)
{
	return escape(s, is_harmful);
}

char *escape_invalid(const char *s)
{
	return escape(s, NULL);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void unescape_invalid(const char *s, char *out, size_t size)
{
	size_t nr = 0;

	while (*s && nr + 1 < size) {
		int high = s[0] == '\\' && s[1] == 'x' ? hex_digit(s[2]) : -1;
		int low = high >= 8 ? hex_digit(s[3]) : -1;

		if (low >= 0) {
			out[nr++] = (char)(high << 4 | low);
			s += 4;
		} else {
			out[nr++] = *s++;
		}
	}
	out[nr] = '\0';
}

/* Wide characters, by the blocks of Unicode's EastAsianWidth.txt that are wide as a whole. */
static size_t columns_of(uint32_t c)
{
	static const uint32_t wide[][2] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i][0] && c <= wide[i][1])
			return 2;
	return 1;
}

static size_t next_character(const char *s, size_t *columns)
{
	uint32_t c;
	size_t bytes = decode(s, &c);

	*columns = bytes ? columns_of(c) : 1;
	return bytes ? bytes : 1;
}

size_t text_width(const char *s)
{
	size_t width = 0, columns;

	while (*s) {
		s += next_character(s, &columns);
		width += columns;
	}
	return width;
}

size_t text_fit(const char *s, size_t columns)
{
	size_t fit = 0, width = 0, own;

	while (s[fit]) {
		size_t bytes = next_character(s + fit, &own);

		if (width + own > columns)
			break;
		width += own;
		fit += bytes;
	}
	return fit;
}

void text_cut_left(char *s, size_t columns)
{
	size_t width = text_width(s), own;
	const char *rest = s;

	if (width <= columns)
		return;
	if (columns <= ELLIPSIS_COLUMNS) {
		s[text_fit(s, columns)] = '\0';
		return;
	}
	while (width > columns - ELLIPSIS_COLUMNS) {
		rest += next_character(rest, &own);
		width -= own;
	}
	/* At least 4 columns are cut, and no character has more columns than bytes: the dots fit. */
	memmove(s + ELLIPSIS_COLUMNS, rest, strlen(rest) + 1);
	memcpy(s, ELLIPSIS, ELLIPSIS_COLUMNS);
}

void text_cut_right(char *s, size_t columns)
{
	if (text_width(s) <= columns)
		return;
	if (columns <= ELLIPSIS_COLUMNS) {
		s[text_fit(s, columns)] = '\0';
		return;
	}
	s += text_fit(s, columns - ELLIPSIS_COLUMNS);
	memcpy(s, ELLIPSIS, ELLIPSIS_COLUMNS + 1); /* fits, as above */
}
