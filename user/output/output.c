/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - the table of formats, and what all outputs do alike. */
#include "output/output.h"

#include "output/formats.h"
#include "output/sink.h"
#include "output/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct output_format *const formats[] = {
	&output_text,
	&output_json,
	&output_folded,
};
#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

struct output {
	const struct output_format *format;
	void *state;
	struct sink *sink;
	char *path;
	int64_t realtime_offset_ns; /* timestamp_of() */
	int error; /* first -errno */
};

const struct output_format *output_format_by_name(const char *name)
{
	for (size_t i = 0; i < NR_FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

const struct output_format *output_format_by_path(const char *path)
{
	const struct output_format *best = NULL;
	size_t length = strlen(path), best_length = 0;

	for (size_t i = 0; i < NR_FORMATS; i++) {
		for (const char *const *suffix = formats[i]->suffixes; *suffix; suffix++) {
			size_t own = strlen(*suffix);

			if (own > best_length && own <= length &&
			    strcmp(path + length - own, *suffix) == 0) {
				best = formats[i];
				best_length = own;
			}
		}
	}
	return best;
}

/* The one place where the names stand a second time; test_text.c compares them to the table. */
const char *output_format_names(void)
{
	return "text, json, folded";
}

static void free_output(struct output *output)
{
	free(output->path);
	free(output);
}

int output_open(struct output **out, const struct output_format *format, const char *path,
		const struct output_options *options)
{
	struct output *output = calloc(1, sizeof(*output));
	int err;

	*out = NULL;
	if (!output)
		return -ENOMEM;
	output->format = format;
	output->path = strdup(path ? path : "-");
	err = output->path ? sink_open(&output->sink, path) : -ENOMEM;
	if (err) {
		free_output(output);
		return err;
	}
	if (format->open)
		err = format->open(&output->state, output->sink, options);
	if (err) {
		sink_close(output->sink);
		free_output(output);
		return err;
	}
	*out = output;
	return 0;
}

const char *output_path(const struct output *output)
{
	return output->path;
}

static void keep_error(struct output *output, int err)
{
	if (err && !output->error)
		output->error = err;
}

/*
 * Hands a record to its callback, with the time filled in where it is live. A
 * format is not called again once it failed: what it wrote would have a hole.
 */
#define DEFINE_FEED(callback, record_type)                                                        \
	void output_##callback(struct output *output, const struct record_type *record)           \
	{                                                                                         \
		struct record_type timed = *record;                                               \
                                                                                                  \
		if (!output->format->callback || output->error)                                   \
			return;                                                                   \
		if (!timed.time_ns)                                                               \
			timed.time_ns = timestamp_of(&output->realtime_offset_ns, timed.mono_ns); \
		keep_error(output, output->format->callback(output->state, &timed));              \
	}

DEFINE_FEED(start, start_record)
DEFINE_FEED(loop, loop_record)
DEFINE_FEED(stall, stall_record)
DEFINE_FEED(blocked, blocked_record)
DEFINE_FEED(exit, exit_record)
DEFINE_FEED(summary, summary_record)

int output_error(const struct output *output)
{
	return output->error;
}

int output_close(struct output *output)
{
	int err;

	if (output->format->close)
		keep_error(output, output->format->close(output->state));
	keep_error(output, sink_close(output->sink));
	err = output->error;
	free_output(output);
	return err;
}
