/* SPDX-License-Identifier: GPL-2.0-or-later */
/* no_paths.h - takes the file system from the calling process, but for what it has open. */
#ifndef BLOCKPROF_BASE_NO_PATHS_H
#define BLOCKPROF_BASE_NO_PATHS_H

#include <stdbool.h>

/*
 * By a root directory with nothing in it but the numbers of its own descriptors,
 * where CAP_SYS_CHROOT is there, and by Landlock, where the kernel has it.
 * no_new_privs is set. Whether there was either: descriptors of directories are
 * of no use then only by Landlock.
 */
bool no_paths(void);

#endif
