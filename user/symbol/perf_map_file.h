/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf_map_file.h - the perf map of a process, opened without being led astray. */
#ifndef BLOCKPROF_SYMBOL_PERF_MAP_FILE_H
#define BLOCKPROF_SYMBOL_PERF_MAP_FILE_H

struct file_opened;
struct memory;

/*
 * /tmp/perf-PID.map as the process sees it, by its own number in its own pid
 * namespace. Its own only: a regular file of its effective user that others
 * cannot write, changed since the process began. For reading; the caller's. 0;
 * -ENOENT or -ESRCH: there is none; -ESTALE: it is an earlier process's; -EPERM,
 * -EINVAL, -ELOOP, ...: it is not fit. Its status is set, zeroed if not known.
 */
int perf_map_file_open(const struct memory *target, struct file_opened *opened);

#endif
