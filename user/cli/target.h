/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - is there a process that can be looked at? */
#ifndef BLOCKPROF_CLI_TARGET_H
#define BLOCKPROF_CLI_TARGET_H

#include <sys/types.h>

/* verb: what is to be done with it, "watch". 0, or -errno: the reason was said. */
int target_check(pid_t pid, const char *verb);

#endif
