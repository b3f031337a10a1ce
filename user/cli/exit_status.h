/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit_status.h - what every command returns to the shell. */
#ifndef BLOCKPROF_CLI_EXIT_STATUS_H
#define BLOCKPROF_CLI_EXIT_STATUS_H

#include <errno.h>

enum exit_status {
	EXIT_OK = 0,
	EXIT_COULD_NOT = 1,
	EXIT_USAGE = 2,
	/* with --fail only */
	EXIT_STALLED = 3,
	EXIT_SAW_NOTHING = 4,
	/* with COMMAND only, as env(1) and timeout(1) have them */
	EXIT_OWN_FAILURE = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNALLED = 128, /* and the signal's number */
};

/* After options were parsed, and something was wrong with them, or help was asked for. */
static inline int exit_status_of_options(int err)
{
	return !err ? EXIT_OK : err == -EINVAL ? EXIT_USAGE : EXIT_COULD_NOT;
}

#endif
