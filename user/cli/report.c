// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - `blockprof report`: recordings rendered in any format. */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/exit_status.h"
#include "cli/match_option.h"
#include "cli/message.h"
#include "cli/output_options.h"
#include "cli/usage.h"
#include "output/match.h"
#include "recording/recording.h"

static const char help[] =
	"usage: blockprof report [OPTIONS] FILE...\n"
	"Read recordings (JSON Lines, plain or gzip; - is standard input) and render them.\n"
	"\n"
	"  -o, --output FILE   write here; repeatable; format from the suffix; - is stdout\n"
	"  -F, --format NAME   format of the -o before it, or of stdout:\n"
	"                      %s\n"
	"      --stalls-only   profiles hold the slices of stalls only\n"
	"      --match REGEX   only stalls with a frame whose function or file matches\n"
	"  -q, --quiet         no warnings\n"
	"  -v, --verbose       text: library and interpreter frames too, and whole tables\n"
	"  -V, --version       this program's version\n"
	"  -h, --help          this text\n";

struct arguments {
	struct outputs_spec spec;
	struct output_options options;
	struct match *match;
	struct usage usage;
};

enum { OPTION_STALLS_ONLY = 256, OPTION_MATCH };

static const char short_options[] = ":o:F:" USAGE_SHORT_OPTIONS;

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'F' },
	{ "stalls-only", no_argument, NULL, OPTION_STALLS_ONLY },
	{ "match", required_argument, NULL, OPTION_MATCH },
	USAGE_LONG_OPTIONS,
};

static int take_option(void *context, int option, const char *value)
{
	struct arguments *arguments = context;

	switch (option) {
	case 'o':
		return outputs_spec_path(&arguments->spec, value);
	case 'F':
		return outputs_spec_format(&arguments->spec, value);
	case OPTION_STALLS_ONLY:
		arguments->options.stalls_only = true;
		return 0;
	case OPTION_MATCH:
		return match_option(&arguments->match, value);
	default:
		return USAGE_OTHER;
	}
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
	arguments->options.match = arguments->match;
	err = outputs_spec_finish(&arguments->spec);
	for (int i = optind; i < argc && !err; i++) {
		if (outputs_spec_writes(&arguments->spec, argv[i])) {
			message_error("cannot write %s: it is to be read as well; write elsewhere "
				      "with -o",
				      argv[i]);
			err = -EINVAL;
		}
	}
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

static void feed_blocked(void *outputs, const struct blocked_record *record)
{
	outputs_blocked(outputs, record);
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

static int read_one(const char *path, struct outputs *outputs)
{
	const struct recording_reader reader = {
		.context = outputs,
		.start = feed_start,
		.loop = feed_loop,
		.stall = feed_stall,
		.blocked = feed_blocked,
		.exit = feed_exit,
		.note = feed_note,
		.summary = feed_summary,
		.enough = outputs_are_done,
	};
	struct recording_result result;
	int err = recording_read(path, &reader, &result);

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
static int check_readable(int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "-") != 0 && access(argv[i], R_OK)) {
			report_unreadable(argv[i], strerror(errno));
			return -errno;
		}
	}
	return 0;
}

/* 0 or -errno, with a message. */
static int report(const struct arguments *arguments, int argc, char **argv)
{
	struct outputs outputs;
	int err;

	if (check_readable(argc, argv) ||
	    outputs_open(&outputs, &arguments->spec, &arguments->options))
		return -EIO;
	err = 0;
	for (int i = optind; i < argc && !err; i++)
		err = read_one(argv[i], &outputs);
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
	int status = EXIT_OK;

	if (parse(&arguments, argc, argv)) {
		status = EXIT_USAGE;
	} else if (usage_is_asked(&arguments.usage)) {
		answer(&arguments);
	} else {
		message_set_level(arguments.usage.verbosity < 0 ? MESSAGE_ERROR
								: arguments.usage.verbosity);
		if (report(&arguments, argc, argv))
			status = EXIT_COULD_NOT;
	}
	match_free(arguments.match);
	return status;
}
