// SPDX-License-Identifier: GPL-2.0-or-later
/* output_options.c - what -o and -F ask for, and the messages where that cannot be written. */
#include "cli/output_options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "cli/message.h"
#include "output/made_file.h"
#include "run/caller.h"

/* How soon an output is tried again that cannot be opened yet. */
#define OPEN_AGAIN_MS 20
/* So long, in all, what is left is waited for at the end (of a live watch), which is to take less than a second. */
#define CLOSE_MAX_NS (600 * NS_PER_MS)
/* Of a picture, in pixels: narrower ones have no room for their head. */
#define PICTURE_WIDTH_MIN 300
#define PICTURE_WIDTH_MAX 20000

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

static struct output_spec *find(struct outputs_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->nr; i++)
		if (strcmp(spec->v[i].path, path) == 0)
			return &spec->v[i];
	return NULL;
}

static int add(struct outputs_spec *spec, const struct output_spec *output)
{
	if (spec->nr == OUTPUTS_MAX) {
		message_error("cannot write more than %d outputs; leave out an -o", OUTPUTS_MAX);
		return -EINVAL;
	}
	spec->v[spec->nr++] = *output;
	return 0;
}

int outputs_spec_path(struct outputs_spec *spec, const char *path)
{
	struct output_spec *given = find(spec, path);

	if (given && given->implied) {
		given->implied = false;
		return 0;
	}
	if (given) {
		message_error("cannot write %s twice: two -o name it; leave one out", path);
		return -EINVAL;
	}
	return add(spec, &(struct output_spec){ .path = path });
}

int outputs_spec_format(struct outputs_spec *spec, const char *name)
{
	const struct output_format *format = output_format_by_name(name);
	char names[OUTPUT_NAMES_BYTES];

	if (!format) {
		message_error("cannot use -F '%s': no such format; give one of %s", name,
			      output_format_names(false, names));
		return -EINVAL;
	}
	if (!spec->nr)
		return add(spec, &(struct output_spec){
					 .path = "-",
					 .format = format,
					 .implied = true,
				 });
	spec->v[spec->nr - 1].format = format;
	return 0;
}

int outputs_width(struct output_options *options, const char *value)
{
	long width;

	if (number_parse(value, PICTURE_WIDTH_MIN, PICTURE_WIDTH_MAX, &width)) {
		message_error("cannot use --width '%s': give a number of pixels from %d to %d",
			      value, PICTURE_WIDTH_MIN, PICTURE_WIDTH_MAX);
		return -EINVAL;
	}
	options->picture_width = (unsigned int)width;
	return 0;
}

int outputs_spec_finish(struct outputs_spec *spec)
{
	char names[OUTPUT_NAMES_BYTES];

	if (!spec->nr)
		add(spec, &(struct output_spec){ .path = "-" });
	for (size_t i = 0; i < spec->nr; i++) {
		struct output_spec *output = &spec->v[i];

		if (!output->format)
			output->format = is_stdout(output->path)
						 ? output_format_by_name("text")
						 : output_format_by_path(output->path);
		if (!output->format) {
			message_error("cannot write %s: no format has this suffix; put -F and one "
				      "of %s after it",
				      output->path, output_format_names(false, names));
			return -EINVAL;
		}
	}
	return 0;
}

bool outputs_spec_writes(const struct outputs_spec *spec, const char *path)
{
	struct stat read, written;

	if (stat(path, &read) || !S_ISREG(read.st_mode))
		return false;
	for (size_t i = 0; i < spec->nr; i++) {
		int err = is_stdout(spec->v[i].path) ? fstat(STDOUT_FILENO, &written)
						     : stat(spec->v[i].path, &written);

		if (!err && written.st_dev == read.st_dev && written.st_ino == read.st_ino)
			return true;
	}
	return false;
}

/* Does the terminal know sequences that move its cursor? */
static bool can_rewrite(void)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0;
}

/* https://no-color.org: set and not empty. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !(no_color && *no_color) && can_rewrite();
}

static void fit_to_terminal(struct output_options *options)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return;
	options->colour = wants_colour();
	options->terminal = options->live && can_rewrite();
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		options->columns = size.ws_col;
}

static const char *printed_path(const char *path)
{
	return is_stdout(path) ? "standard output" : path;
}

/* Why an output cannot be opened yet. */
static const char *awaited(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISFIFO(st.st_mode) ? "nobody has opened that FIFO for reading"
							: "another program has a lease on it";
}

static const char *reason_of(const char *path, int err)
{
	switch (err) {
	case -EAGAIN:
		return awaited(path);
	case -ETIMEDOUT:
	case -ENOBUFS:
		return "its reader takes too little";
	case -ENOTUNIQ:
		return "it is another user's, or a link of another user's, where everybody can "
		       "make files";
	case -EMEDIUMTYPE:
		return "it is a terminal, and the format is binary";
	default:
		return strerror(-err);
	}
}

static void report_unwritable(const char *path, int err)
{
	const char *remedy = err == -ENOSPC || err == -EDQUOT
				     ? "make room, or write elsewhere with -o"
				     : "write elsewhere with -o";

	message_error("cannot write %s: %s; %s", printed_path(path), reason_of(path, err), remedy);
}

/* One that is blocked, so as to be read later: others have ended us. */
static bool is_to_end(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
		sigismember(&pending, SIGHUP));
}

/* As output_open(), which is tried until it need not wait, or a signal comes: -EAGAIN then. */
static int open_output(struct output **out, const struct output_spec *spec,
		       const struct output_options *options)
{
	int err = output_open(out, spec->format, spec->path, options);

	if (err == -EAGAIN)
		message_note("waiting for %s: %s yet; Ctrl-C to end", spec->path,
			     awaited(spec->path));
	while (err == -EAGAIN && !is_to_end()) {
		poll(NULL, 0, OPEN_AGAIN_MS);
		err = output_open(out, spec->format, spec->path, options);
	}
	return err;
}

static void abandon(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++)
		output_close(outputs->v[i]);
	free(outputs->v);
	*outputs = (struct outputs){ 0 };
}

int outputs_open(struct outputs *outputs, const struct outputs_spec *spec,
		 const struct output_options *options)
{
	struct file_owner caller;
	const char *wrong;
	/* ids that are none are no reason to write nothing: then the files are root's */
	bool called = caller_ids(&caller.uid, &caller.gid, &wrong) > 0;

	*outputs = (struct outputs){
		.v = calloc(spec->nr, sizeof(outputs->v[0])),
		.match = options->match,
	};
	if (!outputs->v) {
		message_error("cannot open the outputs: out of memory");
		return -ENOMEM;
	}
	for (; outputs->nr < spec->nr; outputs->nr++) {
		const struct output_spec *output = &spec->v[outputs->nr];
		struct output_options own = *options;
		int err;

		own.owner = called ? &caller : NULL;
		if (is_stdout(output->path))
			fit_to_terminal(&own);
		err = open_output(&outputs->v[outputs->nr], output, &own);
		if (err) {
			report_unwritable(output->path, err);
			abandon(outputs);
			return err;
		}
	}
	return 0;
}

int outputs_close(struct outputs *outputs)
{
	uint64_t until_ns = clock_now_ns() + CLOSE_MAX_NS;
	int first = 0;

	for (size_t i = 0; i < outputs->nr; i++)
		output_hurry(outputs->v[i], until_ns);
	for (size_t i = 0; i < outputs->nr; i++) {
		__freeing char *path = strdup(output_path(outputs->v[i]));
		int err = output_close(outputs->v[i]);

		if (!err || (err == -EPIPE && path && is_stdout(path)))
			continue;
		report_unwritable(path ? path : "an output", err);
		first = first ? first : err;
	}
	free(outputs->v);
	*outputs = (struct outputs){ 0 };
	return first;
}
