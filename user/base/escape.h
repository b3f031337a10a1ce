/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.h - names from targets are foreign bytes: what is done to them before
 * they are shown. A byte that cannot stand as it is becomes \xNN (its UTF-8
 * bytes each, for a character), so that different names stay different.
 */
#ifndef BLOCKPROF_BASE_ESCAPE_H
#define BLOCKPROF_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For terminals and line formats: no control characters (C0, DEL, C1), no line
 * or paragraph separators, no characters that turn the direction of writing,
 * valid UTF-8. Caller frees; NULL: no memory.
 */
char *escape_text(const char *s);

/* For JSON: valid UTF-8; control characters are left for JSON's own escapes. */
char *escape_invalid(const char *s);

/*
 * Undoes escape_invalid() for bytes 0x80 and up, into size bytes: for names of
 * a fixed size, which would be too long escaped.
 */
void unescape_invalid(const char *s, char *out, size_t size);

/* Columns a terminal needs for valid UTF-8 text. */
size_t text_width(const char *s);

/* Bytes of the longest start of valid UTF-8 text that fits into so many columns. */
size_t text_fit(const char *s, size_t columns);

/* Cuts valid UTF-8 text to so many columns, "..." in place of its beginning or its end. */
void text_cut_left(char *s, size_t columns);
void text_cut_right(char *s, size_t columns);

#endif
