/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BLOCKPROF_CLI_DUMP_H
#define BLOCKPROF_CLI_DUMP_H

/* `blockprof dump`: what processes are doing now. argv[0] is the command's name. Returns the exit status. */
int cmd_dump(int argc, char **argv);

#endif
