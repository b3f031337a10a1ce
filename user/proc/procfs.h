/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs.h - bounded reading below /proc/PID. Names are relative to it.
 */
#ifndef BLOCKPROF_PROC_PROCFS_H
#define BLOCKPROF_PROC_PROCFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

void procfs_closedir(DIR **dir);
#define __closing_dir __attribute__((cleanup(procfs_closedir)))

/* A directory of a process; pid 0: /proc itself. NULL and errno where it cannot be read. */
DIR *procfs_opendir(pid_t pid, const char *name);
/* Next entry that is a number; -1 at the end. */
int procfs_next_number(DIR *dir);
/* Up to size - 1 bytes from the start of the file, ended by a NUL. How many, or -errno. */
ssize_t procfs_read(pid_t pid, const char *name, char *buf, size_t size);
/* What a symbolic link says; the caller frees; NULL and errno where it cannot be read. */
char *procfs_link(pid_t pid, const char *name);

#endif
