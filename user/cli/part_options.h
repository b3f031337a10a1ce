/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * part_options.h - --since, --until, --loops and --without of `report`: which part
 * of recordings, and without what. Functions that fail have printed why (message.h).
 */
#ifndef BLOCKPROF_CLI_PART_OPTIONS_H
#define BLOCKPROF_CLI_PART_OPTIONS_H

#include "recording/recording.h"

struct ignore;
struct part;
struct without;

/* Starts as { 0 }. */
struct part_options {
	struct part *part; /* NULL: all */
	struct ignore *places; /* NULL: nothing is left out */
	struct without *without;
	/* Between a recording and who reads it. */
	struct recording_reader readers[2];
};

enum {
	OPTION_SINCE = 768,
	OPTION_UNTIL,
	OPTION_LOOPS,
	OPTION_WITHOUT,
};

#define PART_LONG_OPTIONS                                           \
	{ "since", required_argument, NULL, OPTION_SINCE },         \
		{ "until", required_argument, NULL, OPTION_UNTIL }, \
		{ "loops", required_argument, NULL, OPTION_LOOPS }, \
	{                                                           \
		"without", required_argument, NULL, OPTION_WITHOUT  \
	}

#define PART_HELP                                                                           \
	"      --since TIME      only what lasted later: RFC 3339, HH:MM[:SS] of the day\n" \
	"                        it was recorded, or -15m before its end\n"                 \
	"      --until TIME      only what began earlier\n"                                 \
	"      --loops REGEX     only loops whose thread, program, runtime, unit,\n"        \
	"                        container or machine has a name that matches\n"            \
	"      --without REGEX   the same turns without the time that they lost there: a\n" \
	"                        function of yours, file, target or cause; repeatable\n"

/* 0, USAGE_OTHER: it is none of these, or -errno; -EINVAL: wrong usage. */
int part_take(struct part_options *options, int option, const char *value);
void part_options_free(struct part_options *options);

/* Before these recordings are read. 0 or -errno. */
int part_prepare(struct part_options *options, char *const *paths, size_t nr);
/* What is to read a recording for next, which has to stay. NULL: no memory. */
const struct recording_reader *part_before(struct part_options *options,
					   const struct recording_reader *next);
/* At the end: what cannot be known of a part, and without something. */
void part_report(const struct part_options *options);

#endif
