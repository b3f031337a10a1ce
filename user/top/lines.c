// SPDX-License-Identifier: GPL-2.0-or-later
/* lines.c - how text is cut into lines. */
#include "top/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void lines_free(struct lines *lines)
{
	while (lines->nr)
		free(lines->v[--lines->nr].text);
	free(lines->v);
	lines->v = NULL;
}

static int add_one(struct lines *lines, const char *text, size_t bytes, enum emphasis emphasis)
{
	struct line *grown = realloc(lines->v, (lines->nr + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	lines->v = grown;
	grown[lines->nr].text = strndup(text, bytes);
	grown[lines->nr].emphasis = emphasis;
	if (!grown[lines->nr].text)
		return -ENOMEM;
	lines->nr++;
	return 0;
}

int lines_add(struct lines *lines, const char *text, enum emphasis emphasis)
{
	int err;

	do {
		size_t bytes = strcspn(text, "\n");

		err = add_one(lines, text, bytes, emphasis);
		text += bytes;
	} while (!err && *text++ && *text);
	return err;
}

int lines_addf(struct lines *lines, enum emphasis emphasis, const char *format, ...)
{
	__freeing char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return lines_add(lines, text, emphasis);
}
