/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve.h - `blockprof serve`: a watch of the whole system that goes on for good. */
#ifndef BLOCKPROF_CLI_SERVE_H
#define BLOCKPROF_CLI_SERVE_H

/* argv[0] is "serve". An exit status. */
int cmd_serve(int argc, char **argv);

#endif
