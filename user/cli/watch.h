/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.h - `blockprof [watch]`: the live report, and the summary at the end. */
#ifndef BLOCKPROF_CLI_WATCH_H
#define BLOCKPROF_CLI_WATCH_H

/* argv[0] is the command's name. Returns the exit status. */
int cmd_watch(int argc, char **argv);

#endif
