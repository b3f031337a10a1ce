/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tasks.h - the kernel's iterator over tasks: it runs a BPF program on every
 * thread, on those of one process, or on one, and hands over what that writes.
 */
#ifndef BLOCKPROF_PROBE_TASKS_H
#define BLOCKPROF_PROBE_TASKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a program is run: the kernel's calls, or those of a test. */
struct tasks_kernel {
	/* A link, a descriptor, to the program on these threads: both 0 are all. Or -errno. */
	int (*attach)(int program, pid_t pid, pid_t tid);
	/* A descriptor that runs it each time it is read. Or -errno. */
	int (*open)(int link);
};

extern const struct tasks_kernel tasks_kernel;

struct tasks_query {
	int program; /* descriptor of a BPF program of the kind iter/task */
	size_t snapshot_bytes; /* that it writes of a thread: a snapshot of bpf/abi.h */
	pid_t pid; /* only the threads of this process; 0: of all */
	pid_t tid; /* only this thread; 0: all */
};

typedef void tasks_fn(void *context, const void *snapshot);

/*
 * Calls fn for each thread that is asked for and that the program wrote
 * something of, whatever the kernel can narrow down itself. 0 or -errno.
 */
int tasks_iterate(const struct tasks_kernel *kernel, const struct tasks_query *query, tasks_fn *fn,
		  void *context);

#endif
