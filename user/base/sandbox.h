/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox.h - takes everything from a child process but what its description leaves it. */
#ifndef BLOCKPROF_BASE_SANDBOX_H
#define BLOCKPROF_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOX_FIRST	 3 /* the first descriptor that is kept, then; the others follow it */
#define SANDBOX_KEPT_MAX 4

/* A system call that is not the end of the process. */
struct sandbox_call {
	int number; /* SCMP_SYS() of seccomp.h */
	int error; /* it fails with this; 0: it is allowed */
	/* Only where (argument & mask) == value; mask 0: whatever the arguments are. */
	unsigned int argument; /* from 0 */
	uint64_t mask;
	uint64_t value;
};

/* What a child may do. */
struct sandbox {
	const char *name; /* of the process */
	uid_t uid; /* and its gid */
	/*
	 * It reads the memory and the files of other processes: CAP_SYS_PTRACE,
	 * CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE (/proc/PID/map_files) stay, and its
	 * uid where its parent has not got the first two. It is in no Landlock domain, which
	 * would forbid it (security/landlock: hook_ptrace_access_check).
	 */
	bool reads_processes;
	uint64_t memory_bytes; /* that it allocates */
	uint64_t mapped_bytes; /* the same with files that it maps to read them */
	uint64_t files; /* open at a time, in all */
	uint64_t cpu_seconds; /* in all its life */
	/* Besides those that libc makes by itself, for memory, time and the process's end. */
	const struct sandbox_call *calls;
	size_t nr_calls;
};

/*
 * Called in a fresh child of parent, which keeps nr of its descriptors. 0, or -errno:
 * then the process must not go on. Another uid and no_paths() are where that is
 * allowed, the rest is a must. Signals that are meant for the whole group or service
 * are ignored: the child ends when its parent wants it to, or has ended.
 */
int sandbox_enter(const struct sandbox *sandbox, const int *kept, size_t nr, pid_t parent);

/*
 * The first part of that, for a process that forks such children: it has one descriptor, as
 * SANDBOX_FIRST, and of its capabilities those that it takes to enter a sandbox, or that one leaves.
 */
int sandbox_prepare(const char *name, int kept, pid_t parent);

#endif
