// SPDX-License-Identifier: GPL-2.0-or-later
/* output.c - what all outputs do alike: open, hand records to their format, keep the first error. */
#include "output/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strings.h"
#include "base/timestamp.h"
#include "output/sink.h"

struct output {
	const struct output_format *format;
	void *state;
	struct sink *sink;
	char *path;
	int64_t realtime_offset_ns; /* timestamp_of() */
	int error; /* first -errno */
};

static void free_output(struct output *output)
{
	free(output->path);
	free(output);
}

static struct output *output_new(const struct output_format *format, const char *path)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->format = format;
	output->path = strdup(path);
	if (!output->path) {
		free(output);
		return NULL;
	}
	return output;
}

/* err: of opening its sink. Takes the output, which fails as a whole. */
static int finish_open(struct output *output, int err, const struct output_options *options,
		       struct output **out)
{
	if (err) {
		free_output(output);
		return err;
	}
	if (options->queued)
		sink_queue(output->sink);
	if (output->format->binary && sink_is_terminal(output->sink))
		err = -EMEDIUMTYPE;
	if (!err && output->format->gzip)
		err = sink_gzip(output->sink);
	if (!err && output->format->open)
		err = output->format->open(&output->state, output->sink, options);
	if (err) {
		sink_close(output->sink);
		free_output(output);
		return err;
	}
	*out = output;
	return 0;
}

int output_open(struct output **out, const struct output_format *format, const char *path,
		const struct output_options *options)
{
	struct output *output = output_new(format, path ? path : "-");

	*out = NULL;
	if (!output)
		return -ENOMEM;
	return finish_open(output, sink_open(&output->sink, path, options->owner), options, out);
}

int output_open_file(struct output **out, const struct output_format *format,
		     const struct output_file *file, const struct output_options *options)
{
	struct output *output = output_new(format, file->path);

	*out = NULL;
	if (!output) {
		close(file->fd);
		return -ENOMEM;
	}
	return finish_open(output,
			   sink_open_fd(&output->sink, file->fd, ends_with(file->path, ".gz")),
			   options, out);
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
 * format that has failed is not called again: there would be a hole in its output.
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
DEFINE_FEED(withdrawn, withdrawn_record)
DEFINE_FEED(blocked, blocked_record)
DEFINE_FEED(second, second_record)
DEFINE_FEED(exit, exit_record)
DEFINE_FEED(note, note_record)
DEFINE_FEED(summary, summary_record)
DEFINE_FEED(dump, dump_record)
DEFINE_FEED(diff, diff_record)

bool output_compares(const struct output *output)
{
	return output->format->compare != NULL;
}

void output_compare(struct output *output)
{
	if (!output->error)
		keep_error(output, output->format->compare(output->state));
}

size_t output_held_bytes(const struct output *output)
{
	return output->format->held ? output->format->held(output->state) : 0;
}

void output_flush(struct output *output)
{
	if (!output->error)
		keep_error(output, sink_flush_now(output->sink));
}

uint64_t output_bytes(const struct output *output)
{
	return sink_bytes(output->sink);
}

bool output_try(struct output *output)
{
	bool left = !output->error && sink_try(output->sink);

	keep_error(output, sink_error(output->sink));
	return left;
}

void output_hurry(struct output *output, uint64_t until_ns)
{
	sink_hurry(output->sink, until_ns);
}

void output_hide(struct output *output)
{
	if (!output->error && output->format->hide)
		keep_error(output, output->format->hide(output->state));
}

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
