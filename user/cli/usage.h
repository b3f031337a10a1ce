/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.h - how a command reads its options, and those that every command has. */
#ifndef BLOCKPROF_CLI_USAGE_H
#define BLOCKPROF_CLI_USAGE_H

#include <getopt.h>
#include <stdbool.h>

/* -q, -v, -V, -h */
struct usage {
	int verbosity; /* one down for each -q, one up for each -v */
	bool verbose; /* -v was given */
	bool help;
	bool version;
	int end; /* index in argv behind the last option and its value; optind, if there was no "--" */
};

#define USAGE_SHORT_OPTIONS "qvVh"
#define USAGE_LONG_OPTIONS                                                                 \
	{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },        \
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' }, \
	{                                                                                  \
		0                                                                          \
	}

#define USAGE_OTHER 1

struct usage_command {
	const char *help; /* how to see its options: "blockprof top --help" */
	const char *short_options; /* with ':' in front, or "+:" */
	const struct option *long_options;
	/* Takes an option of the command's own. 0, -errno, with a message, or USAGE_OTHER: it has no such option. */
	int (*take)(void *context, int option, const char *value);
	void *context; /* for take() */
};

/*
 * Reads options; argv[optind] is the first word after them. Nothing is read after
 * --help and --version. 0, -EINVAL: wrong usage, with a message, or another -errno.
 */
int usage_parse(struct usage *usage, const struct usage_command *command, int argc, char **argv);
/* Whether --help or --version was given. */
bool usage_is_asked(const struct usage *usage);
/* Prints that. help: the text of --help. */
void usage_answer(const struct usage *usage, const char *help);

#endif
