/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - `blockprof report`: recordings rendered in any format. */
#ifndef BLOCKPROF_CLI_REPORT_H
#define BLOCKPROF_CLI_REPORT_H

/* argv[0] is the command's name. Returns the exit status. */
int cmd_report(int argc, char **argv);

#endif
