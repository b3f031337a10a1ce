// SPDX-License-Identifier: GPL-2.0-or-later
/* json.c - the format json: each record becomes its lines at once, and they reach the file at once. */
#include <errno.h>
#include <stdlib.h>

#include "output/formats.h"
#include "output/sink.h"
#include "recording/encode.h"

static int write_line(void *sink, const char *line, size_t bytes)
{
	sink_write(sink, line, bytes);
	return sink_flush(sink);
}

static int json_open(void **state, struct sink *sink, const struct output_options *options)
{
	struct line_writer *lines = malloc(sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	*lines = (struct line_writer){ write_line, sink, options->redact };
	*state = lines;
	return 0;
}

static int json_close(void *lines)
{
	free(lines);
	return 0;
}

#define DEFINE_CALLBACK(record)                                                  \
	static int json_##record(void *lines, const struct record##_record *one) \
	{                                                                        \
		return encode_##record(lines, one);                              \
	}

DEFINE_CALLBACK(start)
DEFINE_CALLBACK(loop)
DEFINE_CALLBACK(stall)
DEFINE_CALLBACK(withdrawn)
DEFINE_CALLBACK(blocked)
DEFINE_CALLBACK(second)
DEFINE_CALLBACK(exit)
DEFINE_CALLBACK(note)
DEFINE_CALLBACK(summary)
DEFINE_CALLBACK(dump)
DEFINE_CALLBACK(diff)

static const char *const suffixes[] = { ".jsonl", ".jsonl.gz", NULL };

const struct output_format output_json = {
	.name = "json",
	.suffixes = suffixes,
	.open = json_open,
	.start = json_start,
	.loop = json_loop,
	.stall = json_stall,
	.withdrawn = json_withdrawn,
	.blocked = json_blocked,
	.second = json_second,
	.exit = json_exit,
	.note = json_note,
	.summary = json_summary,
	.dump = json_dump,
	.diff = json_diff,
	.close = json_close,
};
