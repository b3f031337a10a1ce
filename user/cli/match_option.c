// SPDX-License-Identifier: GPL-2.0-or-later
/* match_option.c - the message for a pattern that is none. */
#include "cli/match_option.h"

#include <errno.h>

#include "cli/message.h"
#include "output/match.h"

int match_option(struct match **match, const char *pattern)
{
	char reason[128];
	int err;

	match_free(*match);
	*match = NULL;
	err = match_new(match, pattern, reason, sizeof(reason));
	if (err == -EINVAL)
		message_error(
			"cannot use --match '%s': %s; write a POSIX extended regular expression",
			pattern, reason);
	return err;
}
