// SPDX-License-Identifier: GPL-2.0-or-later
/* serve_options.c - the options of serve, their defaults, and the order of file and command line. */
#include "cli/serve_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "cli/message.h"
#include "cli/stall_command.h"
#include "serve/recorder.h"
#include "web/listen.h"
#include "web/wire/wire.h"

#define STATE_DIR      "/var/lib/blockprof"
#define KEEP_BYTES     (256ull << 20)
#define KEEP_MAX_BYTES (1ull << 50)

static const char help[] =
	"usage: blockprof serve [OPTIONS]\n"
	"Watches the whole system, for good: reports stalls to the journal (without one:\n"
	"to standard error) and keeps recordings. Made to be run by systemd.\n"
	"\n"
	"  -t, --threshold TIME  a turn longer than this is a stall: 100ms, 1.5s, 500us;\n"
	"                        a bare number is milliseconds (default 100ms)\n"
	"  -c, --comm REGEX      only processes whose name matches,\n"
	"  -u, --unit NAME       those of this systemd unit,\n"
	"      --cgroup PATH     those in this cgroup or below it; each repeatable\n"
	"      --all-threads     blocked time of every thread, loop or not\n"
	"      --stalls-only     profiles hold the slices of stalls only\n" CHOICE_HELP
	"      --on-stall CMD    run CMD by the shell for each stall, its JSON on stdin\n"
	"      --listen WHERE    answer HTTP there: ADDR:PORT or unix:PATH (default\n"
	"                        127.0.0.1:10435); a socket that systemd passes goes first\n"
	"      --allow-host NAME a further name by which it may be asked; repeatable\n"
	"      --token-file FILE who has what is in it may read all (default: token in\n"
	"                        the state directory, made at the first start)\n"
	"      --read-only-metrics\n"
	"                        answer no more than /metrics and /healthz\n"
	"      --state-dir DIR   where recordings go (default /var/lib/blockprof)\n"
	"      --keep SIZE       all recordings together: 500M, 2G; a bare number is\n"
	"                        megabytes; the oldest are deleted (default 256M)\n"
	"      --defaults FILE   more options, in BLOCKPROF_OPTIONS=\"...\"; SIGHUP has it\n"
	"                        read again\n"
	"      --check           say what is wrong with the options, and end\n"
	"  -q, --quiet           fewer notes\n"
	"  -v, --verbose         more notes; -vv: why threads are loops or\n"
	"                        not, and turns no stalls; -vvv: libbpf's log\n"
	"  -V, --version         this program's version\n"
	"  -h, --help            this text\n";

enum {
	OPTION_STALLS_ONLY = OPTION_OWN,
	OPTION_ON_STALL,
	OPTION_STATE_DIR,
	OPTION_KEEP,
	OPTION_DEFAULTS,
	OPTION_LISTEN,
	OPTION_ALLOW_HOST,
	OPTION_TOKEN_FILE,
	OPTION_METRICS_ONLY,
	OPTION_CHECK,
};

static const struct option long_options[] = {
	SCOPE_SYSTEM_LONG_OPTIONS,
	{ "stalls-only", no_argument, NULL, OPTION_STALLS_ONLY },
	CHOICE_LONG_OPTIONS,
	{ "on-stall", required_argument, NULL, OPTION_ON_STALL },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR },
	{ "keep", required_argument, NULL, OPTION_KEEP },
	{ "defaults", required_argument, NULL, OPTION_DEFAULTS },
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "allow-host", required_argument, NULL, OPTION_ALLOW_HOST },
	{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
	{ "read-only-metrics", no_argument, NULL, OPTION_METRICS_ONLY },
	{ "check", no_argument, NULL, OPTION_CHECK },
	USAGE_LONG_OPTIONS,
};

static const char short_options[] = ":" SCOPE_SYSTEM_SHORT_OPTIONS USAGE_SHORT_OPTIONS;

static int take_size(const char *text, uint64_t *bytes)
{
	int err = size_parse(text, RECORDER_KEEP_MIN_BYTES, KEEP_MAX_BYTES, bytes);

	if (err)
		message_error("cannot use '%s' as a size to keep; give 1M or more, like 500M or 2G",
			      text);
	return err ? -EINVAL : 0;
}

static int take_listen(struct serve_options *options, const char *value)
{
	if (listen_check(value)) {
		message_error("cannot use '%s' as an address to listen on; give ADDR:PORT, "
			      "[ADDR]:PORT or unix:PATH",
			      value);
		return -EINVAL;
	}
	options->listen = value;
	return 0;
}

static int take_host(struct serve_options *options, const char *value)
{
	if (!*value || strlen(value) >= WEB_HOST_BYTES || strpbrk(value, ":/ ")) {
		message_error("cannot use '%s' as the name of a host; give it without port", value);
		return -EINVAL;
	}
	if (options->nr_hosts == SERVE_HOSTS_MAX) {
		message_error("cannot use --allow-host more than %d times", SERVE_HOSTS_MAX);
		return -EINVAL;
	}
	options->hosts[options->nr_hosts++] = value;
	return 0;
}

static int take_option(void *context, int option, const char *value)
{
	struct serve_options *options = context;
	int err;

	switch (option) {
	case OPTION_STALLS_ONLY:
		options->stalls_only = true;
		return 0;
	case OPTION_ON_STALL:
		return stall_command_option(&options->on_stall, value);
	case OPTION_STATE_DIR:
		options->state_dir = value;
		return 0;
	case OPTION_KEEP:
		return take_size(value, &options->keep_bytes);
	case OPTION_DEFAULTS:
		options->defaults_path = value;
		return 0;
	case OPTION_LISTEN:
		return take_listen(options, value);
	case OPTION_ALLOW_HOST:
		return take_host(options, value);
	case OPTION_TOKEN_FILE:
		options->token_file = value;
		return 0;
	case OPTION_METRICS_ONLY:
		options->metrics_only = true;
		return 0;
	case OPTION_CHECK:
		options->check = true;
		return 0;
	default:
		err = choice_take(&options->choice, option, value);
		return err == USAGE_OTHER ? scope_take(&options->scope, option, value) : err;
	}
}

/* systemd's StateDirectory=, or the default; valid as long as the environment. */
static const char *default_state_dir(void)
{
	const char *given = getenv("STATE_DIRECTORY");

	return given && *given ? given : STATE_DIR;
}

static int parse_words(struct serve_options *options, int argc, char **argv)
{
	const struct usage_command command = {
		.help = "blockprof serve --help",
		.short_options = short_options,
		.long_options = long_options,
		.take = take_option,
		.context = options,
	};
	int err;

	scope_init(&options->scope);
	options->state_dir = default_state_dir();
	options->on_stall = NULL;
	options->keep_bytes = KEEP_BYTES;
	options->listen = NULL;
	options->nr_hosts = 0;
	options->token_file = NULL;
	options->metrics_only = false;
	options->check = false;
	err = usage_parse(&options->usage, &command, argc, argv);
	if (err || usage_is_asked(&options->usage))
		return err;
	if (optind < argc) {
		message_error(
			"cannot use '%s': serve takes options only; see blockprof serve --help",
			argv[optind]);
		return -EINVAL;
	}
	if (options->state_dir[0] != '/') {
		message_error("cannot use '%s' as state directory; give a path from /",
			      options->state_dir);
		return -EINVAL;
	}
	return 0;
}

static int read_defaults(struct serve_options *options)
{
	const char *path = options->defaults_path;
	int err = defaults_read(path, &options->defaults);

	if (err == -EINVAL)
		message_error("cannot use %s: line %zu is no VARIABLE=\"value\"; correct it", path,
			      options->defaults.line);
	else if (err)
		message_error("cannot read %s: %s; correct it", path, strerror(-err));
	return err;
}

int serve_options_parse(struct serve_options *options, int argc, char **argv)
{
	size_t nr;
	int err;

	memset(options, 0, sizeof(*options));
	err = parse_words(options, argc, argv);
	if (err || usage_is_asked(&options->usage) || !options->defaults_path)
		return err;
	err = read_defaults(options);
	if (err || !options->defaults.nr)
		return err;
	nr = (size_t)argc + options->defaults.nr;
	options->words = calloc(nr + 1, sizeof(*options->words));
	if (!options->words)
		return -ENOMEM;
	options->words[0] = argv[0];
	memcpy(options->words + 1, options->defaults.words,
	       options->defaults.nr * sizeof(*options->words));
	memcpy(options->words + 1 + options->defaults.nr, argv + 1,
	       (size_t)(argc - 1) * sizeof(*argv));
	scope_free(&options->scope);
	choice_free(&options->choice);
	err = parse_words(options, (int)nr, options->words);
	if (err)
		message_error("cannot use the options of %s: see the line before; correct "
			      "BLOCKPROF_OPTIONS there",
			      options->defaults_path);
	return err;
}

void serve_options_free(struct serve_options *options)
{
	scope_free(&options->scope);
	choice_free(&options->choice);
	defaults_free(&options->defaults);
	free(options->words);
}

void serve_options_answer(const struct serve_options *options)
{
	usage_answer(&options->usage, help);
}
