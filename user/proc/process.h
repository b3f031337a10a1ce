/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - facts about a process from /proc. Everything read is bounded.
 * "-ENOENT" or "-ESRCH" where the process, or that fact, is gone.
 */
#ifndef BLOCKPROF_PROC_PROCESS_H
#define BLOCKPROF_PROC_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum process_kind {
	PROCESS_NORMAL,
	PROCESS_KERNEL_THREAD,
	PROCESS_ZOMBIE,
	PROCESS_THREAD, /* the number is a thread's, not a process's: *tgid says whose */
	PROCESS_NONE,
	PROCESS_UNKNOWN, /* /proc could not be asked: errno says why */
};

/* What is at this pid. tgid may be NULL. */
enum process_kind process_kind(pid_t pid, pid_t *tgid);

/* Does it neither run nor wait to be let run? By its first thread; false: that is not known. */
bool process_sleeps(pid_t pid);
/* Clock ticks since boot at which the process started: with the pid it names a process for good. */
int process_start_time(pid_t pid, uint64_t *ticks);
/* When it started, on CLOCK_MONOTONIC: not before that, and 10 ms later at the most. 0: not known. */
uint64_t process_started_ns(pid_t pid);
int process_comm(pid_t pid, char comm[16]);
int process_thread_comm(pid_t pid, pid_t tid, char comm[16]);
/* Link of /proc/PID/exe, without " (deleted)". Returned string is the caller's; NULL: not known. */
char *process_exe(pid_t pid);
/* The process that traces the thread. 0: none, or not known. */
pid_t process_tracer(pid_t pid, pid_t tid);
/*
 * cgroup path (v2, or the systemd or cpu hierarchy of v1), systemd unit, container id and the
 * uid of its pod, as the kubelet has it in its API ("-", no "_"); each may be NULL.
 */
struct process_cgroup {
	char *path;
	char *unit;
	char *container;
	char *pod_uid;
	bool of_user; /* it is below a user's own manager: whatever name it has, that user gave it */
};
int process_cgroup(pid_t pid, struct process_cgroup *out);
void process_cgroup_free(struct process_cgroup *cgroup);
pid_t process_parent(pid_t pid);
/* Was it forked, and has executed no program since? Daemons have, too. */
bool process_is_forked(pid_t pid);
/*
 * Has it executed no program since its parent forked it, which runs that one still: what
 * its memory shows may be the parent's doing? Not a daemon, whose parent has ended.
 */
bool process_is_copy(pid_t pid);
/* Children, by /proc/PID/task/TID/children or, without it, a bounded search of /proc. Returns how many were stored. */
int process_children(pid_t pid, pid_t *children, size_t max);
/* The same at little cost: -EOPNOTSUPP where the kernel does not list them; or -ESRCH. */
int process_children_listed(pid_t pid, pid_t *children, size_t max);
/* The child of pid that pid's own pid namespace calls number; that may be number itself. 0: none now. */
pid_t process_child_numbered(pid_t pid, pid_t number);
/* Are its numbers for itself and its threads those that we have for them: the same pid namespace? */
bool process_numbers_are_ours(pid_t pid);
/* What the process's own pid namespace calls it. 0: not known. */
pid_t process_own_number(pid_t pid);
/* Its effective user, as this process would name it. */
int process_user(pid_t pid, uid_t *user);
/* Is the process stopped (T or t)? */
bool process_is_stopped(pid_t pid);
/* How long its main thread has run on a CPU; 0: not known. */
uint64_t process_ran_ns(pid_t pid);
/* How long its threads have run, or have been ready to, those that are there, as far as they are few. */
uint64_t process_all_busy_ns(pid_t pid);
/* How many threads it has; -1: not known. */
int64_t process_threads(pid_t pid);
/* Working directory of a process; caller frees; NULL: not known. */
char *process_cwd(pid_t pid);
/* What /proc/PID/fd/FD links to; caller frees; NULL: not known. */
char *process_fd_path(pid_t pid, int fd);
/* Is it another blockprof: our own program, or one of that name that has BPF maps, or a child of such? */
bool process_is_blockprof(pid_t pid);

#endif
