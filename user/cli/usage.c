// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/message.h"
#include "cli/usage.h"

int usage_refuse(int option, char **argv, const char *short_options, const char *help)
{
	if (option == ':')
		message_error("%s needs a value; see %s", argv[optind - 1], help);
	/* a known one: its long form was given a value that it does not take */
	else if (optopt && optopt < 256 && !strchr(short_options, optopt))
		message_error("unknown option -%c; see %s", optopt, help);
	else
		message_error("wrong option %s; see %s", argv[optind - 1], help);
	return -EINVAL;
}
