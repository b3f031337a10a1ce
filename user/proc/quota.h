/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quota.h - which cgroup's limit holds a process back. */
#ifndef BLOCKPROF_PROC_QUOTA_H
#define BLOCKPROF_PROC_QUOTA_H

#include <stdint.h>
#include <sys/types.h>

struct quota {
	char *path; /* of the cgroup, as /proc/PID/cgroup has it; the caller's */
	uint64_t quota_ns; /* of each period_ns; both 0: it is no CPU quota */
	uint64_t period_ns;
};

/*
 * The nearest cgroup of the process, itself first, that has a quota and was
 * throttled at least once. 0, -ENOENT, or -errno.
 */
int quota_find(pid_t pid, struct quota *out);

/* The nearest that has more memory than its memory.high, or once had; likewise. */
int memory_high_find(pid_t pid, struct quota *out);

/* The same of a path in a hierarchy of cgroup version 1 or 2 whose root is at this directory. */
int quota_find_in(const char *root, int version, const char *path, struct quota *out);
int memory_high_find_in(const char *root, const char *path, struct quota *out);

#endif
