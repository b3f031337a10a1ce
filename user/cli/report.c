// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - `blockprof report`: recordings rendered in any format. */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/siphash.h"
#include "cli/choice_options.h"
#include "cli/exit_status.h"
#include "cli/message.h"
#include "cli/output_options.h"
#include "cli/part_options.h"
#include "cli/usage.h"
#include "recording/both.h"
#include "recording/recording.h"
#include "report/compare.h"

static const char help[] =
	"usage: blockprof report [OPTIONS] FILE...\n"
	"Read recordings (JSON Lines, plain or gzip; - is standard input) and render them.\n"
	"\n"
	"  -o, --output FILE   write here; repeatable; format from the suffix; - is stdout\n"
	"  -F, --format NAME   format of the -o before it, or of stdout:\n"
	"                      %s\n"
	"      --stalls-only   profiles hold the slices of stalls only\n"
	"      --width PIXELS  of svg (default 1200)\n"
	"      --redact        write a recording (json) to share: paths, peers, names of\n"
	"                      tasks, machines and the like, hashed by a random key\n"
	"      --diff OLD      what changed since that recording, in an hour of one loop:\n"
	"                      places that are new, gone, worse, better\n" PART_HELP CHOICE_HELP
	"  -q, --quiet         no warnings\n"
	"  -v, --verbose       text: library and interpreter frames too, and whole tables\n"
	"  -V, --version       this program's version\n"
	"  -h, --help          this text\n";

/* Of recordings. */
struct paths {
	char *const *v;
	size_t nr;
};

struct arguments {
	struct paths paths;
	struct outputs_spec spec;
	struct output_options options;
	struct choice choice;
	struct usage usage;
	struct part_options part;
	const char *diff; /* the old recording; NULL: nothing is compared */
	bool redact;
	struct siphash_key redact_key;
};

enum { OPTION_STALLS_ONLY = 256, OPTION_REDACT, OPTION_WIDTH, OPTION_DIFF };

static const char short_options[] = ":o:F:" USAGE_SHORT_OPTIONS;

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'F' },
	{ "stalls-only", no_argument, NULL, OPTION_STALLS_ONLY },
	{ "width", required_argument, NULL, OPTION_WIDTH },
	{ "redact", no_argument, NULL, OPTION_REDACT },
	{ "diff", required_argument, NULL, OPTION_DIFF },
	PART_LONG_OPTIONS,
	CHOICE_LONG_OPTIONS,
	USAGE_LONG_OPTIONS,
};

static int take_option(void *context, int option, const char *value)
{
	struct arguments *arguments = context;
	int err = part_take(&arguments->part, option, value);

	if (err != USAGE_OTHER)
		return err;
	switch (option) {
	case 'o':
		return outputs_spec_path(&arguments->spec, value);
	case 'F':
		return outputs_spec_format(&arguments->spec, value);
	case OPTION_WIDTH:
		return outputs_width(&arguments->options, value);
	case OPTION_STALLS_ONLY:
		arguments->options.stalls_only = true;
		return 0;
	case OPTION_REDACT:
		arguments->redact = true;
		return 0;
	case OPTION_DIFF:
		arguments->diff = value;
		return 0;
	default:
		return choice_take(&arguments->choice, option, value);
	}
}

/* Only a recording has all that is hashed as keys of its own. */
static int prepare_redacting(struct arguments *arguments)
{
	const struct output_format *json = output_format_by_name("json");
	int err;

	if (!arguments->redact)
		return 0;
	if (!arguments->spec.nr)
		outputs_spec_format(&arguments->spec, json->name);
	err = outputs_spec_finish(&arguments->spec);
	for (size_t i = 0; i < arguments->spec.nr && !err; i++) {
		if (arguments->spec.v[i].format == json)
			continue;
		message_error("cannot redact %s: --redact writes recordings; give it -F json, and "
			      "report on what comes of it",
			      arguments->spec.v[i].format->name);
		return -EINVAL;
	}
	if (!err)
		err = siphash_new_key(&arguments->redact_key);
	arguments->options.redact = &arguments->redact_key;
	return err;
}

/* Which formats there are for a comparison. */
static int prepare_comparing(struct arguments *arguments)
{
	int err;

	if (!arguments->diff)
		return 0;
	if (arguments->redact) {
		message_error("cannot redact a comparison: redact both recordings at one time, "
			      "and compare these");
		return -EINVAL;
	}
	if (arguments->choice.match || arguments->choice.ignore) {
		message_error("cannot compare what --match or --ignore let through; write such "
			      "recordings with -F json first, and compare these");
		return -EINVAL;
	}
	err = outputs_spec_finish(&arguments->spec);
	for (size_t i = 0; i < arguments->spec.nr && !err; i++) {
		const struct output_format *format = arguments->spec.v[i].format;

		if (format->diff)
			continue;
		message_error("cannot write a comparison as %s; give -F text, json, folded or html",
			      format->name);
		err = -EINVAL;
	}
	return err;
}

static int check_not_written(const struct arguments *arguments, const char *path)
{
	if (!outputs_spec_writes(&arguments->spec, path))
		return 0;
	message_error("cannot write %s: it is to be read as well; write elsewhere with -o", path);
	return -EINVAL;
}

/* 0, or -EINVAL: wrong usage. */
static int parse(struct arguments *arguments, int argc, char **argv)
{
	const struct usage_command command = {
		.help = "blockprof report --help",
		.short_options = short_options,
		.long_options = long_options,
		.take = take_option,
		.context = arguments,
	};
	int err;

	err = usage_parse(&arguments->usage, &command, argc, argv);
	if (err || usage_is_asked(&arguments->usage))
		return err;
	arguments->options.unfold = arguments->usage.verbose;
	if (optind == argc) {
		message_error("cannot report: no recording is given; give a FILE, see blockprof "
			      "report --help");
		return -EINVAL;
	}
	arguments->paths = (struct paths){ argv + optind, (size_t)(argc - optind) };
	arguments->options.match = arguments->choice.match;
	err = prepare_comparing(arguments);
	if (!err)
		err = prepare_redacting(arguments);
	if (!err)
		err = outputs_spec_finish(&arguments->spec);
	if (!err && arguments->diff)
		err = check_not_written(arguments, arguments->diff);
	for (size_t i = 0; i < arguments->paths.nr && !err; i++)
		err = check_not_written(arguments, arguments->paths.v[i]);
	return err;
}

/* -- from the recording to the outputs -- */
static void feed_start(void *outputs, const struct start_record *record)
{
	outputs_start(outputs, record);
}

static void feed_loop(void *outputs, const struct loop_record *record)
{
	outputs_loop(outputs, record);
}

static void feed_stall(void *outputs, const struct stall_record *record)
{
	(void)outputs_stall(outputs, record);
}

static void feed_stall_unadvised(void *outputs, const struct stall_record *record)
{
	struct stall_record unadvised = *record;

	unadvised.advice = NULL;
	feed_stall(outputs, &unadvised);
}

static void feed_withdrawn(void *outputs, const struct withdrawn_record *record)
{
	outputs_withdrawn(outputs, record);
}

static void feed_blocked(void *outputs, const struct blocked_record *record)
{
	outputs_blocked(outputs, record);
}

static void feed_second(void *outputs, const struct second_record *record)
{
	outputs_second(outputs, record);
}

static void feed_exit(void *outputs, const struct exit_record *record)
{
	outputs_exit(outputs, record);
}

static void feed_note(void *outputs, const struct note_record *record)
{
	outputs_note(outputs, record);
}

static void feed_summary(void *outputs, const struct summary_record *record)
{
	outputs_summary(outputs, record);
}

static bool outputs_are_done(void *outputs)
{
	return outputs_are_dead(outputs);
}

static void report_unreadable(const char *path, const char *reason)
{
	message_error("cannot read %s: %s; give a recording made with -o FILE.jsonl or .jsonl.gz",
		      path, reason);
}

static int read_one(const char *path, struct arguments *arguments,
		    const struct recording_reader *next)
{
	const struct recording_reader *reader = part_before(&arguments->part, next);
	struct recording_result result;
	int err = reader ? recording_read(path, reader, &result) : -ENOMEM;

	if (err) {
		report_unreadable(path,
				  err == -EBADMSG ? "its gzip data is damaged" : strerror(-err));
		return err;
	}
	if (!result.lines && !result.unknown_lines) {
		report_unreadable(path, "it holds no records");
		return -EBADMSG;
	}
	if (result.bad_lines)
		message_warn("%s: left out %" PRIu64 " line%s cut or damaged; %" PRIu64 " read",
			     path, result.bad_lines,
			     result.bad_lines == 1 ? " that is" : "s that are", result.lines);
	if (result.unknown_lines)
		message_warn("%s: left out %" PRIu64
			     " line%s that a dump or a later blockprof writes",
			     path, result.unknown_lines,
			     result.unknown_lines == 1 ? " of a type" : "s of types");
	return 0;
}

/* Before outputs are opened, which would empty files that are there. */
static int check_readable(const char *path)
{
	if (strcmp(path, "-") == 0 || !access(path, R_OK))
		return 0;
	report_unreadable(path, strerror(errno));
	return -errno;
}

static int check_all_readable(const struct paths *paths)
{
	int err = 0;

	for (size_t i = 0; i < paths->nr && !err; i++)
		err = check_readable(paths->v[i]);
	return err;
}

/* All that are given. 0 or -errno, with a message. */
static int read_all(struct arguments *arguments, const struct paths *paths,
		    const struct recording_reader *next)
{
	int err = 0;

	for (size_t i = 0; i < paths->nr && !err; i++)
		err = read_one(paths->v[i], arguments, next);
	return err;
}

static struct recording_reader feeding(const struct arguments *arguments, struct outputs *outputs)
{
	return (struct recording_reader){
		.context = outputs,
		.start = feed_start,
		.loop = feed_loop,
		.stall = arguments->choice.no_advice ? feed_stall_unadvised : feed_stall,
		.withdrawn = feed_withdrawn,
		.blocked = feed_blocked,
		.second = feed_second,
		.exit = feed_exit,
		.note = feed_note,
		.summary = feed_summary,
		.enough = outputs_are_done,
	};
}

/* Recordings as they were. 0 or -errno, with a message. */
static int render(struct arguments *arguments, struct outputs *outputs)
{
	const struct recording_reader reader = feeding(arguments, outputs);
	int err;

	outputs->ignore = arguments->choice.ignore;
	err = read_all(arguments, &arguments->paths, &reader);
	choice_report_unused(&arguments->choice);
	return err;
}

/* One of both sides: added up, and given to outputs that show its records as well. 0 or -errno, with a message. */
static int survey_all(struct arguments *arguments, const struct paths *paths, struct survey *survey,
		      struct outputs *outputs)
{
	const struct recording_reader feed = feeding(arguments, outputs);
	const struct recording_reader sums = survey_reader(survey);
	struct both_readers both = { { &sums, &feed } };
	const struct recording_reader reader = outputs->nr ? both_reader(&both) : sums;
	/* a time before the end is before that of each side */
	int err = part_prepare(&arguments->part, paths->v, paths->nr);

	if (!err)
		err = read_all(arguments, paths, &reader);
	if (err)
		return err;
	err = survey_finish(survey);
	if (err)
		message_error("cannot compare: %s", strerror(-err));
	else if (survey_left_out(survey))
		message_warn("a recording has more places or stacks than are told apart: %" PRIu64
			     " slices are of the place [other], or of no stack",
			     survey_left_out(survey));
	return err;
}

static bool is_folded_asked(const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->spec.nr; i++)
		if (arguments->spec.v[i].format == output_format_by_name("folded"))
			return true;
	return false;
}

/* The recordings that are given, with the old one. 0 or -errno, with a message. */
static int compare(struct arguments *arguments, struct outputs *outputs)
{
	const struct paths old = { (char *const *)&arguments->diff, 1 };
	const bool stacks = is_folded_asked(arguments);
	struct output *v[OUTPUTS_MAX];
	struct outputs fed = { .v = v };
	struct survey *before = NULL, *after = NULL;
	struct compare *compared = NULL;
	int err = 0;

	for (size_t i = 0; i < outputs->nr; i++)
		if (output_compares(outputs->v[i]))
			v[fed.nr++] = outputs->v[i];
	if (survey_new(&before, stacks) || survey_new(&after, stacks))
		err = -ENOMEM;
	if (!err)
		err = survey_all(arguments, &old, before, &fed);
	for (size_t i = 0; i < fed.nr && !err; i++)
		output_compare(fed.v[i]);
	if (!err)
		err = survey_all(arguments, &arguments->paths, after, &fed);
	if (!err)
		err = compare_new(&compared, before, after);
	if (!err)
		outputs_diff(outputs, compare_record(compared));
	compare_free(compared);
	survey_free(before);
	survey_free(after);
	return err;
}

/* 0 or -errno, with a message. */
static int report(struct arguments *arguments)
{
	struct outputs outputs;
	int err;

	if ((arguments->diff && check_readable(arguments->diff)) ||
	    check_all_readable(&arguments->paths) ||
	    part_prepare(&arguments->part, arguments->paths.v, arguments->paths.nr) ||
	    outputs_open(&outputs, &arguments->spec, &arguments->options))
		return -EIO;
	if (arguments->diff)
		err = compare(arguments, &outputs);
	else
		err = render(arguments, &outputs);
	if (!err)
		part_report(&arguments->part);
	/* what was read is shown all the same */
	return outputs_close(&outputs) || err ? -EIO : 0;
}

static void answer(const struct arguments *arguments)
{
	char *text __freeing = NULL, names[OUTPUT_NAMES_BYTES];

	if (asprintf(&text, help, output_format_names(false, names)) >= 0)
		usage_answer(&arguments->usage, text);
}

int cmd_report(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int err = parse(&arguments, argc, argv), status = EXIT_OK;

	if (err) {
		status = exit_status_of_options(err);
	} else if (usage_is_asked(&arguments.usage)) {
		answer(&arguments);
	} else {
		message_set_level(arguments.usage.verbosity < 0 ? MESSAGE_ERROR
								: arguments.usage.verbosity);
		if (report(&arguments))
			status = EXIT_COULD_NOT;
	}
	choice_free(&arguments.choice);
	part_options_free(&arguments.part);
	return status;
}
