// SPDX-License-Identifier: GPL-2.0-or-later
/* html_out.c - which characters end an element, an attribute or a script, and what stands for them. */
#include "output/html_out.h"

#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "output/sink.h"

#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

static ssize_t write_sink(void *sink, const char *bytes, size_t size)
{
	sink_write(sink, bytes, size);
	return (ssize_t)size;
}

FILE *html_out_open(struct sink *sink)
{
	return fopencookie(sink, "w", (cookie_io_functions_t){ .write = write_sink });
}

void html_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void html_put_json(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20 || *c == 0x7f || *c == '<' || *c == '>' || *c == '&')
			fprintf(out, "\\u%04x", *c);
		/* line and paragraph separators: ends of lines for some readers of JavaScript */
		else if (!strncmp((const char *)c, "\xe2\x80\xa8", 3) ||
			 !strncmp((const char *)c, "\xe2\x80\xa9", 3)) {
			fprintf(out, "\\u20%x", c[2] - 0x80u);
			c += 2;
		} else {
			fputc(*c, out);
		}
	}
	fputc('"', out);
}

void html_put_number(FILE *out, uint64_t number)
{
	fprintf(out, "%" PRIu64, number < NUMBER_MAX ? number : NUMBER_MAX);
}

void html_put_key(FILE *out, const char *key)
{
	fprintf(out, ",\"%s\":", key);
}
