// SPDX-License-Identifier: GPL-2.0-or-later
/* usage.c - how getopt is asked, and the messages for options that are wrong. */
#include "cli/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/patterns.h"
#include "cli/message.h"

#define BLOWN_NAMED 8

/* Of an expression that the user gave, once of each, and not of thousands. */
static void say_blown(const char *text)
{
	static unsigned int said;

	if (said < BLOWN_NAMED)
		message_warn("'%s' takes too long for a name, and does not match it; write an "
			     "expression without repeats of repeats",
			     text);
	else if (said == BLOWN_NAMED)
		message_warn("more expressions take too long for a name, and do not match it");
	said += said <= BLOWN_NAMED;
}

/* getopt_long() returned ':' or '?'. */
static int refuse(const struct usage_command *command, int option, char **argv)
{
	if (option == ':')
		message_error("%s needs a value; see %s", argv[optind - 1], command->help);
	/* optopt of an option that is known: its long form was given a value, and takes none */
	else if (optopt && optopt < 256 && !strchr(command->short_options, optopt))
		message_error("unknown option -%c; see %s", optopt, command->help);
	else
		message_error("wrong option %s; see %s", argv[optind - 1], command->help);
	return -EINVAL;
}

static int take(struct usage *usage, int option)
{
	switch (option) {
	case 'q':
		usage->verbosity--;
		return 0;
	case 'v':
		usage->verbosity++;
		usage->verbose = true;
		return 0;
	case 'V':
		usage->version = true;
		return 0;
	case 'h':
		usage->help = true;
		return 0;
	default:
		return USAGE_OTHER;
	}
}

int usage_parse(struct usage *usage, const struct usage_command *command, int argc, char **argv)
{
	int option, err = 0;

	*usage = (struct usage){ .end = 1 };
	patterns_on_blown(say_blown);
	optind = 0; /* glibc: begin anew, whatever was parsed before */
	opterr = 0;
	while (!err && !usage_is_asked(usage) &&
	       (option = getopt_long(argc, argv, command->short_options, command->long_options,
				     NULL)) != -1) {
		err = take(usage, option);
		if (err == USAGE_OTHER)
			err = command->take(command->context, option, optarg);
		if (err == USAGE_OTHER)
			err = refuse(command, option, argv);
		usage->end = optind;
	}
	if (err == -ENOMEM)
		message_error("cannot take the options: out of memory");
	return err;
}

bool usage_is_asked(const struct usage *usage)
{
	return usage->help || usage->version;
}

void usage_answer(const struct usage *usage, const char *help)
{
	if (usage->help)
		fputs(help, stdout);
	else if (usage->version)
		printf("blockprof %s\n", BLOCKPROF_VERSION);
}
