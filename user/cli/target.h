/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - whether there is a process that can be watched or dumped. */
#ifndef BLOCKPROF_CLI_TARGET_H
#define BLOCKPROF_CLI_TARGET_H

#include <sys/types.h>

/* verb, for the message: "watch", "dump". 0 or -errno, with a message. */
int target_check(pid_t pid, const char *verb);

#endif
