/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * root.h - files by the paths that a process sees, opened without harm: paths are
 * of the target's making, and so is what they lead to.
 */
#ifndef BLOCKPROF_PROC_ROOT_H
#define BLOCKPROF_PROC_ROOT_H

#include <sys/stat.h>
#include <sys/types.h>

/*
 * The place that an absolute path leads to in the root directory of process pid
 * (0: our own), found without leaving that or following links of /proc: a
 * descriptor (the caller's) with O_PATH, or -errno.
 */
int root_find(pid_t pid, const char *path);

/* Opens a place for reading, if it is a regular file: a descriptor, or -EINVAL, or -errno. */
int root_open_place(int place, struct stat *status);

/* Both. */
int root_open(pid_t pid, const char *path, struct stat *status);

#endif
