/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choice_options.h - which stalls are reported, and with how much: --match,
 * --ignore, --ignore-file, --advice and --no-advice, of every command that has
 * stalls. Functions that fail have printed why (message.h).
 */
#ifndef BLOCKPROF_CLI_CHOICE_OPTIONS_H
#define BLOCKPROF_CLI_CHOICE_OPTIONS_H

#include <stdbool.h>

struct match;
struct ignore;

/* Starts as { 0 }. */
struct choice {
	struct match *match; /* NULL: all stalls */
	struct ignore *ignore; /* NULL: no rules */
	bool no_advice;
};

enum {
	OPTION_MATCH = 512,
	OPTION_IGNORE,
	OPTION_IGNORE_FILE,
	OPTION_ADVICE,
	OPTION_NO_ADVICE,
};

#define CHOICE_LONG_OPTIONS                                                     \
	{ "match", required_argument, NULL, OPTION_MATCH },                     \
		{ "ignore", required_argument, NULL, OPTION_IGNORE },           \
		{ "ignore-file", required_argument, NULL, OPTION_IGNORE_FILE }, \
		{ "advice", no_argument, NULL, OPTION_ADVICE },                 \
	{                                                                       \
		"no-advice", no_argument, NULL, OPTION_NO_ADVICE                \
	}

#define CHOICE_HELP                                                                         \
	"      --match REGEX     only stalls with a frame whose function or file matches\n" \
	"      --ignore REGEX    not those whose place matches; fn: file: target: cause:\n" \
	"                        before it narrow it; repeatable\n"                         \
	"      --ignore-file FILE\n"                                                        \
	"                        the same, a rule a line, # begins a comment\n"             \
	"      --advice          the first stall of a place says how to get it off the\n"   \
	"                        loop, where that is known (default)\n"                     \
	"      --no-advice       not so\n"

/* 0, USAGE_OTHER: it is none of these, or -errno; -EINVAL: wrong usage. */
int choice_take(struct choice *choice, int option, const char *value);
void choice_free(struct choice *choice);

/* At the end: names the rules of --ignore that matched nothing. */
void choice_report_unused(const struct choice *choice);

#endif
