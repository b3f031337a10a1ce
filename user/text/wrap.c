// SPDX-License-Identifier: GPL-2.0-or-later
/* wrap.c - where a row that is too long is broken: between fields, between words, behind a separator of a path. */
#include "text/wrap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"

#define LEAST_ROOM 8 /* a row has as many columns, however far it is indented */

/* Prints bytes of text, with the looks of the spans that they are in. */
static void print_range(FILE *out, const char *text, size_t from, size_t to,
			const struct wrap *wrap, const struct look *look)
{
	for (size_t i = 0; i < WRAP_SPANS && look->colour; i++) {
		const struct span *span = &wrap->spans[i];
		size_t start = span->from > from ? span->from : from;
		size_t end = span->to < to ? span->to : to;

		if (start >= end)
			continue;
		fwrite(text + from, 1, start - from, out);
		fputs(span->sequence, out);
		fwrite(text + start, 1, end - start, out);
		fputs(LOOK_PLAIN, out);
		from = end;
	}
	fwrite(text + from, 1, to - from, out);
}

/* The last place in text[least..fit] where separator ends; 0: there is none. */
static size_t last_break(const char *text, size_t least, size_t fit, const char *separator)
{
	size_t length = strlen(separator);

	for (size_t at = fit; at > least; at--)
		if (strncmp(text + at, separator, length) == 0)
			return at;
	return 0;
}

/* Inside of a word: behind what separates parts of names and paths, if that is not far back. */
static size_t break_word(const char *text, size_t least, size_t fit)
{
	for (size_t at = fit; at > least + (fit - least) / 2; at--)
		if (strchr("/,;:)>._-&=?", text[at - 1]))
			return at;
	return fit;
}

/* How many bytes of text, of which fit have room, stand in this row. room: of the next rows. */
static size_t break_at(const char *text, size_t fit, size_t room)
{
	size_t indent = strspn(text, " "), at;

	if (fit <= indent)
		return fit;
	at = last_break(text, indent + (fit - indent) / 3, fit, "  ");
	if (!at)
		at = last_break(text, indent, fit, " ");
	/* a word that the next row cannot hold either is begun here */
	if (!at || text_fit(text + at + strspn(text + at, " "), room) <
			   strcspn(text + at + strspn(text + at, " "), " "))
		return break_word(text, at ? at : indent, fit);
	return at;
}

static size_t first_character(const char *text)
{
	size_t bytes = 1;

	while ((text[bytes] & 0xc0) == 0x80)
		bytes++;
	return bytes;
}

size_t wrap_print(FILE *out, const char *text, const struct wrap *wrap, const struct look *look)
{
	size_t columns = look->columns, rows = 1, at = 0, indent = wrap->indent, room, end;

	if (indent + LEAST_ROOM > columns)
		indent = columns > LEAST_ROOM ? columns - LEAST_ROOM : 0;
	room = columns - indent;
	for (;; rows++) {
		size_t fit = columns ? text_fit(text + at, rows > 1 ? room : columns)
				     : strlen(text + at);

		if (!text[at + fit])
			break;
		end = at + break_at(text + at, fit, room);
		if (end == at)
			end = at + first_character(text + at);
		print_range(out, text, at, end, wrap, look);
		at = end + strspn(text + end, " ");
		if (!text[at])
			break;
		fprintf(out, "\n%*s", (int)indent, "");
	}
	print_range(out, text, at, at + strlen(text + at), wrap, look);
	fputc('\n', out);
	return rows;
}

size_t wrap_plain(FILE *out, const char *text, size_t indent, const struct look *look)
{
	const struct wrap wrap = { .indent = indent };

	return wrap_print(out, text, &wrap, look);
}

int wrap_printf(FILE *out, size_t indent, const struct look *look, const char *format, ...)
{
	__freeing char *text = NULL;
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (bytes < 0) {
		text = NULL;
		return -ENOMEM;
	}
	wrap_plain(out, text, indent, look);
	return 0;
}
