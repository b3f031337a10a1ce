// SPDX-License-Identifier: GPL-2.0-or-later
/* dump.c - `blockprof dump`: what processes are doing now, once or again and again. */
#include "cli/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/zygote.h"
#include "cli/exit_status.h"
#include "cli/message.h"
#include "cli/output_options.h"
#include "cli/scope_options.h"
#include "cli/target.h"
#include "cli/usage.h"
#include "dump/dump.h"
#include "probe/features.h"
#include "probe/observer.h"
#include "probe/probe.h"
#include "reader/reader.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"

#define NSEC_PER_SEC   1000000000ull
#define NSEC_PER_MSEC  1000000ull
#define EVERY_MIN_NS   (10 * NSEC_PER_MSEC)
#define EVERY_MAX_NS   (24 * 3600 * NSEC_PER_SEC)
#define OUTPUTS_TRY_MS 50 /* how soon a reader is asked again that took nothing */

static const char help[] =
	"usage: blockprof dump [OPTIONS] -p PID[,PID...]\n"
	"Show what every thread and every asyncio task is doing now. Nothing is stopped.\n"
	"\n"
	"  -p, --pid PID[,PID] processes; repeatable\n"
	"      --every TIME    again and again: 500ms, 2s; a bare number is seconds\n"
	"  -d, --duration TIME with --every: stop after this (until Ctrl-C or the end of all)\n"
	"  -o, --output FILE   write here; repeatable; format from the suffix; - is stdout\n"
	"  -F, --format NAME   format of the -o before it, or of stdout:\n"
	"                      %s\n"
	"  -q, --quiet         no warnings\n"
	"  -v, --verbose       each task by itself, library frames, stacks of idle loops\n"
	"  -V, --version       this program's version\n"
	"  -h, --help          this text\n";

enum { OPTION_EVERY = OPTION_OWN };

static const char short_options[] = ":p:d:o:F:" USAGE_SHORT_OPTIONS;

static const struct option long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "every", required_argument, NULL, OPTION_EVERY },
	{ "duration", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'F' },
	USAGE_LONG_OPTIONS,
};

struct arguments {
	struct scope scope; /* pids and duration */
	uint64_t every_ns; /* 0: once */
	struct outputs_spec spec;
	struct output_options options;
	struct usage usage;
};

static int take_every(const char *text, uint64_t *ns)
{
	int err = duration_parse(text, NSEC_PER_SEC, ns);

	if (!err && *ns >= EVERY_MIN_NS && *ns <= EVERY_MAX_NS)
		return 0;
	message_error("cannot use --every '%s': give a time from 10ms to 24h, like 500ms or 2s",
		      text);
	return -EINVAL;
}

static int take_option(void *context, int option, const char *value)
{
	struct arguments *arguments = context;

	switch (option) {
	case 'p':
	case 'd':
		return scope_take(&arguments->scope, option, value);
	case OPTION_EVERY:
		return take_every(value, &arguments->every_ns);
	case 'o':
		return outputs_spec_path(&arguments->spec, value);
	case 'F':
		return outputs_spec_format(&arguments->spec, value);
	default:
		return USAGE_OTHER;
	}
}

/* Profiles add up time, of which a moment has none. */
static int check_formats(const struct outputs_spec *spec)
{
	char names[OUTPUT_NAMES_BYTES];

	for (size_t i = 0; i < spec->nr; i++) {
		if (spec->v[i].format->dump)
			continue;
		message_error("cannot write a dump as %s: that adds up time, of which a moment has "
			      "none; use one of %s",
			      spec->v[i].format->name, output_format_names(true, names));
		return -EINVAL;
	}
	return 0;
}

/* 0, or -EINVAL: wrong usage. */
static int parse(struct arguments *arguments, int argc, char **argv)
{
	const struct usage_command command = {
		.help = "blockprof dump --help",
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
	if (optind < argc) {
		message_error("cannot use '%s': dump takes options only; give processes with -p, "
			      "see blockprof dump --help",
			      argv[optind]);
		return -EINVAL;
	}
	if (!arguments->scope.nr_pids) {
		message_error("cannot dump: no process is given; give its number with -p, see "
			      "blockprof dump --help");
		return -EINVAL;
	}
	if (arguments->scope.duration_ns && !arguments->every_ns) {
		message_error("cannot use -d: without --every a dump is made once; add --every, or "
			      "leave out -d");
		return -EINVAL;
	}
	err = outputs_spec_finish(&arguments->spec);
	return err ? err : check_formats(&arguments->spec);
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Dumps each process that is still there, and counts them in *left. 0, or the first -errno. */
static int dump_all(struct dump *dump, const struct scope *scope, struct outputs *outputs,
		    size_t *left)
{
	*left = 0;
	for (size_t i = 0; i < scope->nr_pids; i++) {
		struct dump_record record;
		int err = dump_take(dump, scope->pids[i], &record);

		if (err == -ESRCH)
			continue;
		if (err) {
			message_error("cannot dump %d: %s", scope->pids[i], strerror(-err));
			return err;
		}
		++*left;
		outputs_dump(outputs, &record);
		dump_free(&record);
	}
	return 0;
}

/* Waits until then. Whether a signal wants the end. */
static bool wait_until(int signals, struct outputs *outputs, uint64_t until_ns)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	uint64_t now_ns = probe_now_ns();

	do {
		bool kept = message_try(), left = outputs_try(outputs) || kept;
		uint64_t ms = now_ns < until_ns
				      ? (until_ns - now_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC
				      : 0;

		if (poll(&fd, 1, left && ms > OUTPUTS_TRY_MS ? OUTPUTS_TRY_MS : (int)ms) > 0)
			return true;
		now_ns = probe_now_ns();
	} while (now_ns < until_ns);
	return false;
}

static int repeat(struct dump *dump, const struct arguments *arguments, struct outputs *outputs)
{
	int signals __closing = open_signals();
	uint64_t start_ns = probe_now_ns(), next_ns = start_ns;
	uint64_t end_ns =
		arguments->scope.duration_ns ? start_ns + arguments->scope.duration_ns : UINT64_MAX;
	size_t left;
	int err;

	if (signals < 0) {
		message_error("cannot dump: no signals: %s", strerror(-signals));
		return signals;
	}
	for (;;) {
		uint64_t now_ns;

		err = dump_all(dump, &arguments->scope, outputs, &left);
		if (err || !left || outputs_are_dead(outputs))
			return err;
		now_ns = probe_now_ns();
		/* after one that took longer than that comes the next at once */
		next_ns += arguments->every_ns;
		if (next_ns < now_ns)
			next_ns = now_ns;
		if (next_ns >= end_ns) {
			wait_until(signals, outputs, end_ns);
			return 0;
		}
		if (wait_until(signals, outputs, next_ns))
			return 0;
	}
}

static int once(struct dump *dump, const struct arguments *arguments, struct outputs *outputs)
{
	size_t left;
	int err = dump_all(dump, &arguments->scope, outputs, &left);

	if (err || left)
		return err;
	message_error("cannot dump %d: it ended just now; give a process that runs",
		      arguments->scope.pids[0]);
	return -ESRCH;
}

static int run(const struct arguments *arguments)
{
	struct zygote *zygote = NULL;
	struct readers *readers = NULL;
	struct memory_source memory;
	struct symbols *symbols = NULL;
	struct observer *observer = NULL;
	struct dump *dump = NULL;
	struct outputs outputs = { 0 };
	const char *reason = "out of memory";
	int err = 0;

	for (size_t i = 0; i < arguments->scope.nr_pids && !err; i++)
		err = target_check(arguments->scope.pids[i], "dump");
	if (err)
		return err;
	zygote = zygote_new();
	err = readers_new(&readers, zygote);
	if (!err) {
		memory = readers_source(readers);
		err = symbols_new(&symbols, symbolizer_main, &memory);
	}
	if (err == -EMFILE || err == -ENFILE)
		reason = features_refusal(err);
	else if (err)
		reason = strerror(-err);
	else
		err = observer_open(&observer, arguments->usage.verbosity > 2, &reason);
	if (!err) {
		err = dump_new(&dump, observer, symbols, &memory);
		reason = strerror(-err);
	}
	if (err) {
		message_error("cannot dump: %s", reason);
	} else {
		err = outputs_open(&outputs, &arguments->spec, &arguments->options);
		if (!err)
			err = arguments->every_ns ? repeat(dump, arguments, &outputs)
						  : once(dump, arguments, &outputs);
		if (outputs_close(&outputs) && !err)
			err = -EIO;
	}
	dump_close(dump);
	observer_close(observer);
	symbols_free(symbols);
	readers_free(readers);
	zygote_free(zygote);
	return err;
}

static void answer(const struct arguments *arguments)
{
	char *text __freeing = NULL, names[OUTPUT_NAMES_BYTES];

	if (asprintf(&text, help, output_format_names(true, names)) >= 0)
		usage_answer(&arguments->usage, text);
}

int cmd_dump(int argc, char **argv)
{
	struct arguments arguments = { .options = { .live = true } };
	int err;

	scope_init(&arguments.scope);
	err = parse(&arguments, argc, argv);
	if (err || usage_is_asked(&arguments.usage)) {
		answer(&arguments);
		scope_free(&arguments.scope);
		return exit_status_of_options(err);
	}
	message_set_level(arguments.usage.verbosity < 0 ? MESSAGE_ERROR
							: arguments.usage.verbosity);
	/* once is a filter, which waits for its reader and ends by any signal */
	if (arguments.every_ns) {
		arguments.options.queued = true;
		message_set_queued();
	}
	signal(SIGPIPE, SIG_IGN);
	err = run(&arguments);
	scope_free(&arguments.scope);
	return err ? EXIT_COULD_NOT : EXIT_OK;
}
