/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top.h - `blockprof top`: the loops of the machine, live. */
#ifndef BLOCKPROF_CLI_TOP_H
#define BLOCKPROF_CLI_TOP_H

/* argv[0] is the command's name. Returns the exit status. */
int cmd_top(int argc, char **argv);

#endif
