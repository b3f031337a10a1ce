// SPDX-License-Identifier: GPL-2.0-or-later
/* json.c - the format json: each record becomes its lines at once, and they reach the file at once. */
#include "output/formats.h"
#include "output/sink.h"
#include "recording/encode.h"

static int json_open(void **state, struct sink *sink, const struct output_options *options)
{
	(void)options;
	*state = sink;
	return 0;
}

static int write_line(void *sink, const char *line, size_t bytes)
{
	sink_write(sink, line, bytes);
	return sink_flush(sink);
}

#define DEFINE_CALLBACK(record)                                                 \
	static int json_##record(void *sink, const struct record##_record *one) \
	{                                                                       \
		const struct line_writer lines = { write_line, sink };          \
                                                                                \
		return encode_##record(&lines, one);                            \
	}

DEFINE_CALLBACK(start)
DEFINE_CALLBACK(loop)
DEFINE_CALLBACK(stall)
DEFINE_CALLBACK(blocked)
DEFINE_CALLBACK(exit)
DEFINE_CALLBACK(note)
DEFINE_CALLBACK(summary)
DEFINE_CALLBACK(dump)

static const char *const suffixes[] = { ".jsonl", ".jsonl.gz", NULL };

const struct output_format output_json = {
	.name = "json",
	.suffixes = suffixes,
	.open = json_open,
	.start = json_start,
	.loop = json_loop,
	.stall = json_stall,
	.blocked = json_blocked,
	.exit = json_exit,
	.note = json_note,
	.summary = json_summary,
	.dump = json_dump,
};
