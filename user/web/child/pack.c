// SPDX-License-Identifier: GPL-2.0-or-later
/* pack.c - which records make the data of the page, and what is said of those that are missing. */
#include "web/child/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "output/html_data.h"
#include "output/html_page.h"
#include "recording/decode.h"

struct packing {
	struct html_page *page;
	json_t *missing; /* NULL: nothing is known of it */
	int err;
};

#define DEFINE_TAKE(record)                                                         \
	static void take_##record(void *context, const struct record##_record *one) \
	{                                                                           \
		struct packing *packing = context;                                  \
                                                                                    \
		if (!packing->err)                                                  \
			packing->err = html_page_##record(packing->page, one);      \
	}

DEFINE_TAKE(start)
DEFINE_TAKE(loop)
DEFINE_TAKE(stall)
DEFINE_TAKE(blocked)
DEFINE_TAKE(second)
DEFINE_TAKE(summary)

static void take_line(struct packing *packing, json_t *line)
{
	const struct recording_reader reader = {
		.context = packing,
		.start = take_start,
		.loop = take_loop,
		.stall = take_stall,
		.blocked = take_blocked,
		.second = take_second,
		.summary = take_summary,
	};
	const char *type = json_string_value(json_object_get(line, "type"));
	int err;

	if (type && !strcmp(type, "missing")) {
		json_decref(packing->missing);
		packing->missing = json_incref(line);
		return;
	}
	err = line ? decode_record(line, &reader) : -EBADMSG;
	if (!packing->err)
		packing->err = err;
}

static void take_lines(struct packing *packing, const char *lines, size_t bytes)
{
	const char *end = lines + bytes, *next;

	for (; lines < end && !packing->err; lines = next) {
		const char *newline = memchr(lines, '\n', (size_t)(end - lines));
		json_t *line;

		next = newline ? newline + 1 : end;
		line = json_loadb(lines, (size_t)(next - lines), JSON_ALLOW_NUL, NULL);
		take_line(packing, line);
		json_decref(line);
	}
}

static void write_missing(FILE *out, json_t *missing)
{
	static const char *const kinds[] = { "stalls_ms", "blocked_ms", "seconds_ms", "lasting",
					     "unseen_ms" };

	fputs("{\"missing\":{", out);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(out, "%s\"%s\":%" JSON_INTEGER_FORMAT, i ? "," : "", kinds[i],
			json_integer_value(json_object_get(missing, kinds[i])));
	fputs("},\"page\":", out);
}

static int write_all(FILE *out, struct packing *packing)
{
	static const struct html_comparison none;
	int err = html_page_finish(packing->page);

	write_missing(out, packing->missing);
	err = err ? err : html_data_write(out, packing->page, &none);
	fputs("}\n", out);
	return err;
}

int pack(const char *lines, size_t bytes, char **out, size_t *out_bytes)
{
	struct packing packing = { 0 };
	FILE *stream;

	*out = NULL;
	packing.err = html_page_new(&packing.page, false);
	if (packing.err)
		return packing.err;
	take_lines(&packing, lines, bytes);
	stream = packing.err ? NULL : open_memstream(out, out_bytes);
	if (!stream && !packing.err)
		packing.err = -ENOMEM;
	if (stream) {
		packing.err = write_all(stream, &packing);
		if (fclose(stream) && !packing.err)
			packing.err = -ENOMEM;
	}
	json_decref(packing.missing);
	html_page_free(packing.page);
	return packing.err;
}
