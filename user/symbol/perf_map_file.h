/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf_map_file.h - the perf map of a process, opened without being led astray. */
#ifndef BLOCKPROF_SYMBOL_PERF_MAP_FILE_H
#define BLOCKPROF_SYMBOL_PERF_MAP_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

/*
 * /tmp/perf-PID.map as the process sees it, by its own number in its own pid
 * namespace. Its own only: a regular file of its effective user that others
 * cannot write, changed since the process began. For reading; the caller's.
 * -ENOENT or -ESRCH: there is none; -ESTALE: it is an earlier process's; -EPERM,
 * -EINVAL, -ELOOP, ...: it is not fit. *status is set, zeroed if not known.
 */
int perf_map_file_open(pid_t pid, struct stat *status);

#endif
