// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/message.h"
#include "cli/options.h"

#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC  1000000000ull

#define THRESHOLD_NS	 (100 * NSEC_PER_MSEC)
#define THRESHOLD_MIN_NS 100000ull /* shorter than a few switches takes: all would be stalls */
#define THRESHOLD_MAX_NS (3600 * NSEC_PER_SEC)

static const char help[] =
	"usage: blockprof [watch] [OPTIONS] [-p PID[,PID...]]...\n"
	"       blockprof [watch] [OPTIONS] -- COMMAND [ARG...]\n"
	"       blockprof report [OPTIONS] FILE...\n"
	"Says which turns of event loops take too long, and why. Without -p and COMMAND:\n"
	"the whole system.\n"
	"\n"
	"  -p, --pid PID[,PID]   processes to watch, all their threads; repeatable\n"
	"  -f, --follow          their children too (always on with COMMAND)\n"
	"  -t, --threshold TIME  a turn longer than this is a stall: 100ms, 1.5s, 500us;\n"
	"                        a bare number is milliseconds (default 100ms)\n"
	"  -d, --duration TIME   stop after this; a bare number is seconds\n"
	"  -o, --output FILE     write here; repeatable; format from the suffix; - is\n"
	"                        stdout\n"
	"  -F, --format NAME     format of the -o before it, or of stdout:\n"
	"                        %s\n"
	"      --stalls-only     profiles hold the slices of stalls only\n"
	"      --all-threads     blocked time of every thread, loop or not\n"
	"      --loop TID:fd=N   this thread waits in epoll instance N\n"
	"      --loop TID:none   this thread is no loop\n"
	"      --fail            exit 3 if there was a stall\n"
	"  -q, --quiet           fewer notes\n"
	"  -v, --verbose         more notes, whole stacks; -vv: libbpf's log too\n"
	"  -V, --version         this program's version\n"
	"  -h, --help            this text\n";

enum {
	OPTION_STALLS_ONLY = 256,
	OPTION_ALL_THREADS,
	OPTION_LOOP,
	OPTION_FAIL,
};

static const struct option long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "follow", no_argument, NULL, 'f' },
	{ "threshold", required_argument, NULL, 't' },
	{ "duration", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'F' },
	{ "stalls-only", no_argument, NULL, OPTION_STALLS_ONLY },
	{ "all-threads", no_argument, NULL, OPTION_ALL_THREADS },
	{ "loop", required_argument, NULL, OPTION_LOOP },
	{ "fail", no_argument, NULL, OPTION_FAIL },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* + : what comes after COMMAND is COMMAND's */
static const char short_options[] = "+:p:ft:d:o:F:qvVh";

static int add_pid(struct watch_options *options, const char *text)
{
	pid_t *grown;
	long pid;

	if (number_parse(text, 1, INT_MAX, &pid)) {
		message_error(
			"cannot watch '%s': that is no process id; give a number as ps shows it",
			text);
		return -EINVAL;
	}
	for (size_t i = 0; i < options->nr_pids; i++)
		if (options->pids[i] == pid)
			return 0;
	grown = realloc(options->pids, (options->nr_pids + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	options->pids = grown;
	options->pids[options->nr_pids++] = pid;
	return 0;
}

static int add_pids(struct watch_options *options, const char *list)
{
	char *copy = strdup(list), *rest = copy, *text;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = strsep(&rest, ",")))
		err = add_pid(options, text);
	free(copy);
	return err;
}

static int take_time(const char *what, const char *text, uint64_t unit_ns, uint64_t min_ns,
		     uint64_t max_ns, const char *range, uint64_t *ns)
{
	int err = duration_parse(text, unit_ns, ns);

	if (err == -EINVAL) {
		message_error("cannot use '%s' as %s: that is no time; write it like 100ms, 1.5s "
			      "or 500us",
			      text, what);
		return -EINVAL;
	}
	if (err || *ns < min_ns || *ns > max_ns) {
		message_error("cannot use '%s' as %s: out of range; give %s", text, what, range);
		return -EINVAL;
	}
	return 0;
}

/* TID:fd=N or TID:none */
static int add_override(struct watch_options *options, const char *text)
{
	struct engine_override *grown;
	char *copy = strdup(text), *what = copy ? strchr(copy, ':') : NULL;
	long tid = 0, fd = -1;
	bool good = false;

	if (what) {
		*what++ = 0;
		good = !number_parse(copy, 1, INT_MAX, &tid) &&
		       (!strcmp(what, "none") ||
			(!strncmp(what, "fd=", 3) && !number_parse(what + 3, 0, INT_MAX, &fd)));
	}
	free(copy);
	if (!good) {
		message_error("cannot use --loop '%s': write TID:fd=N or TID:none", text);
		return -EINVAL;
	}
	grown = realloc(options->overrides, (options->nr_overrides + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	options->overrides = grown;
	options->overrides[options->nr_overrides++] = (struct engine_override){ tid, fd };
	return 0;
}

static int take_option(struct watch_options *options, int option, char **argv)
{
	switch (option) {
	case 'p':
		return add_pids(options, optarg);
	case 'f':
		options->follow = true;
		return 0;
	case 't':
		return take_time("threshold", optarg, NSEC_PER_MSEC, THRESHOLD_MIN_NS,
				 THRESHOLD_MAX_NS, "100us to 1h", &options->threshold_ns);
	case 'd':
		return take_time("duration", optarg, NSEC_PER_SEC, 1, INT64_MAX / 2,
				 "more than 0 and less than 100 years", &options->duration_ns);
	case 'o':
		return outputs_spec_path(&options->outputs, optarg);
	case 'F':
		return outputs_spec_format(&options->outputs, optarg);
	case OPTION_STALLS_ONLY:
		options->output.stalls_only = true;
		return 0;
	case OPTION_ALL_THREADS:
		options->all_threads = true;
		options->output.all_threads = true;
		return 0;
	case OPTION_LOOP:
		return add_override(options, optarg);
	case OPTION_FAIL:
		options->fail = true;
		return 0;
	case 'q':
		options->verbosity--;
		return 0;
	case 'v':
		options->verbosity++;
		options->output.unfold = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case ':':
		message_error("%s needs a value; see blockprof --help", argv[optind - 1]);
		return -EINVAL;
	default:
		/* a known one: its long form was given a value that it does not take */
		if (optopt && optopt < 256 && !strchr(short_options, optopt))
			message_error("unknown option -%c; see blockprof --help", optopt);
		else
			message_error("wrong option %s; see blockprof --help", argv[optind - 1]);
		return -EINVAL;
	}
}

int watch_options_parse(struct watch_options *options, int argc, char **argv)
{
	int option, next = 1, err = 0; /* argv[next]: after the last option and its value */

	memset(options, 0, sizeof(*options));
	options->threshold_ns = THRESHOLD_NS;
	options->output.live = true;
	optind = 0; /* glibc: start anew */
	opterr = 0;
	while (!err && !options->help && !options->version &&
	       (option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		err = take_option(options, option, argv);
		next = optind;
	}
	if (err || options->help || options->version)
		return err;
	if (optind < argc) {
		if (optind == next) { /* no -- was passed */
			message_error(
				"unknown command '%s'; to start a program write: blockprof -- %s",
				argv[optind], argv[optind]);
			return -EINVAL;
		}
		options->command = argv + optind;
		options->follow = true;
	} else if (optind > next) {
		message_error("no COMMAND after --; give the program to start");
		return -EINVAL;
	}
	if (options->command && options->nr_pids) {
		message_error("-p and COMMAND do not go together; use one of them");
		return -EINVAL;
	}
	return outputs_spec_finish(&options->outputs);
}

void watch_options_free(struct watch_options *options)
{
	free(options->pids);
	free(options->overrides);
}

void watch_options_help(void)
{
	printf(help, output_format_names());
}
