// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - the options of watch, its help, and which of them go with a COMMAND. */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/message.h"
#include "cli/stall_command.h"

static const char help[] =
	"usage: blockprof [watch] [OPTIONS] [-p PID[,PID...]]...\n"
	"       blockprof [watch] [OPTIONS] -- COMMAND [ARG...]\n"
	"       blockprof top [OPTIONS]\n"
	"       blockprof dump [OPTIONS] -p PID[,PID...]\n"
	"       blockprof report [OPTIONS] FILE...\n"
	"       blockprof serve [OPTIONS]\n"
	"Says which turns of event loops take too long, and why. Without -p and COMMAND:\n"
	"the whole system.\n"
	"\n"
	"  -p, --pid PID[,PID]   processes to watch, all their threads; repeatable\n"
	"  -c, --comm REGEX      of the whole system only processes whose name matches,\n"
	"  -u, --unit NAME       those of this systemd unit,\n"
	"      --cgroup PATH     those in this cgroup or below it; each repeatable\n"
	"  -f, --follow          their children too (always on with COMMAND)\n"
	"  -t, --threshold TIME  a turn longer than this is a stall: 100ms, 1.5s, 500us;\n"
	"                        a bare number is milliseconds (default 100ms)\n"
	"  -d, --duration TIME   stop after this; a bare number is seconds\n"
	"  -o, --output FILE     write here; repeatable; format from the suffix; - is\n"
	"                        stdout\n"
	"  -F, --format NAME     format of the -o before it, or of stdout:\n"
	"                      %s\n"
	"      --stalls-only     profiles hold the slices of stalls only\n"
	"      --width PIXELS    of svg (default 1200)\n"
	"      --max-size SIZE   stop when the outputs have so much: 100M, 2G\n"
	"      --all-threads     blocked time of every thread, loop or not\n"
	"      --loop TID:fd=N   this thread waits in epoll instance N\n"
	"      --loop TID:none   this thread is no loop\n" CHOICE_HELP
	"      --on-stall CMD    run CMD for each stall, its JSON on standard input\n"
	"      --fail            exit 3 if there was a stall, 4 if no loop was seen\n"
	"  -q, --quiet           fewer notes\n"
	"  -v, --verbose         more notes, whole stacks; -vv: why threads are loops or\n"
	"                        not, and turns no stalls; -vvv: libbpf's log\n"
	"  -V, --version         this program's version\n"
	"  -h, --help            this text\n";

/* Of --max-size: what any watch writes is below the one, what a file system holds below the other. */
#define MAX_SIZE_LEAST (64ull << 10)
#define MAX_SIZE_MOST  (1ull << 50)

enum {
	OPTION_STALLS_ONLY = OPTION_OWN,
	OPTION_WIDTH,
	OPTION_MAX_SIZE,
	OPTION_ON_STALL,
	OPTION_FAIL,
};

static const struct option long_options[] = {
	SCOPE_LONG_OPTIONS,
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'F' },
	{ "stalls-only", no_argument, NULL, OPTION_STALLS_ONLY },
	{ "width", required_argument, NULL, OPTION_WIDTH },
	{ "max-size", required_argument, NULL, OPTION_MAX_SIZE },
	CHOICE_LONG_OPTIONS,
	{ "on-stall", required_argument, NULL, OPTION_ON_STALL },
	{ "fail", no_argument, NULL, OPTION_FAIL },
	USAGE_LONG_OPTIONS,
};

/* + : options behind COMMAND are COMMAND's */
static const char short_options[] = "+:" SCOPE_SHORT_OPTIONS USAGE_SHORT_OPTIONS "o:F:";

static int take_max_size(const char *text, uint64_t *bytes)
{
	int err = size_parse(text, MAX_SIZE_LEAST, MAX_SIZE_MOST, bytes);

	if (err)
		message_error("cannot use --max-size '%s': give 64K or more, like 100M or 2G",
			      text);
	return err ? -EINVAL : 0;
}

static int take_option(void *context, int option, const char *value)
{
	struct watch_options *options = context;
	int err;

	switch (option) {
	case 'o':
		return outputs_spec_path(&options->outputs, value);
	case 'F':
		return outputs_spec_format(&options->outputs, value);
	case OPTION_STALLS_ONLY:
		options->output.stalls_only = true;
		return 0;
	case OPTION_WIDTH:
		return outputs_width(&options->output, value);
	case OPTION_MAX_SIZE:
		return take_max_size(value, &options->max_bytes);
	case OPTION_ON_STALL:
		return stall_command_option(&options->on_stall, value);
	case OPTION_FAIL:
		options->fail = true;
		return 0;
	default:
		err = choice_take(&options->choice, option, value);
		return err == USAGE_OTHER ? scope_take(&options->scope, option, value) : err;
	}
}

int watch_options_parse(struct watch_options *options, int argc, char **argv)
{
	const struct usage_command command = {
		.help = "blockprof --help",
		.short_options = short_options,
		.long_options = long_options,
		.take = take_option,
		.context = options,
	};
	int err;

	memset(options, 0, sizeof(*options));
	scope_init(&options->scope);
	options->output.live = true;
	options->output.queued = true;
	err = usage_parse(&options->usage, &command, argc, argv);
	if (err || usage_is_asked(&options->usage))
		return err;
	options->output.unfold = options->usage.verbose;
	if (optind < argc) {
		if (optind == options->usage.end) { /* there was no -- */
			message_error("cannot run '%s': no such command; to start a program write: "
				      "blockprof -- %s",
				      argv[optind], argv[optind]);
			return -EINVAL;
		}
		options->command = argv + optind;
		options->scope.follow = true;
	} else if (optind > options->usage.end) {
		message_error("cannot start a program: no COMMAND is after --; give one");
		return -EINVAL;
	}
	err = scope_finish(&options->scope, options->command);
	if (err)
		return err;
	options->output.match = options->choice.match;
	options->output.all_threads = options->scope.all_threads;
	return outputs_spec_finish(&options->outputs);
}

void watch_options_free(struct watch_options *options)
{
	scope_free(&options->scope);
	choice_free(&options->choice);
}

void watch_options_answer(const struct watch_options *options)
{
	char *text __freeing = NULL, names[OUTPUT_NAMES_BYTES];

	if (asprintf(&text, help, output_format_names(false, names)) >= 0)
		usage_answer(&options->usage, text);
}
