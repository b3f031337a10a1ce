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
	const char *help; /* what shows the right options: "blockprof top --help" */
	const char *short_options; /* with ':' in front, or "+:" */
	const struct option *long_options;
	/* An option of the command's own. 0 or -errno, what is wrong was said; USAGE_OTHER: it has none such. */
	int (*take)(void *options, int option, const char *value);
};

/*
 * Reads options; argv[optind] is the first word after them. *end: where the last
 * of them and its value end, which is optind if no "--" was passed. After --help
 * and --version no more is read. 0 or -errno, -EINVAL: wrong usage, which was said.
 */
int usage_parse(struct usage *usage, const struct usage_command *command, void *options, int argc,
		char **argv, int *end);
/* --help or --version was asked for. */
bool usage_is_asked(const struct usage *usage);
/* Prints what was asked for; help is the text of --help. */
void usage_answer(const struct usage *usage, const char *help);

#endif
