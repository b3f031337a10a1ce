/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_file.h - files of /proc/PID, of processes that may be gone. Names are relative to it.
 *
 * Of one that has just gone /proc still knows whatever was looked up below it. Who looks up
 * more has to clear that away first (fs/dcache.c, d_invalidate()), all of its thousands of
 * descriptors, maybe: a second of CPU time was seen. So it is asked for otherwise before.
 */
#ifndef BLOCKPROF_BASE_PROCESS_FILE_H
#define BLOCKPROF_BASE_PROCESS_FILE_H

#include <stdio.h>
#include <sys/types.h>

#define PROCESS_FILE_BYTES 128

/* 0; -ESRCH: it is gone; -ENAMETOOLONG: nothing was made. */
int process_file_path(char path[PROCESS_FILE_BYTES], pid_t pid, const char *name);
/* Read-only and close-on-exec; flags are added. A descriptor or -errno. */
int process_file_open(pid_t pid, const char *name, int flags);
/* To be read by lines; the caller closes it. 0 or -errno. */
int process_file_stream(pid_t pid, const char *name, FILE **out);

#endif
