/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit_status.h - what every command returns to the shell. */
#ifndef BLOCKPROF_CLI_EXIT_STATUS_H
#define BLOCKPROF_CLI_EXIT_STATUS_H

enum exit_status {
	EXIT_OK = 0,
	EXIT_COULD_NOT = 1,
	EXIT_USAGE = 2,
	EXIT_STALLED = 3, /* with --fail only */
};

#endif
