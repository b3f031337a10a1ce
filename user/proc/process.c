// SPDX-License-Identifier: GPL-2.0-or-later
/* process.c - which file of /proc/PID holds what, and how it is written there. */
#include "proc/process.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/passing.h"
#include "base/process_file.h"
#include "base/strings.h"
#include "proc/procfs.h"
#include "proc/status.h"

/* include/linux/sched.h of the kernel; the same since Linux 2.6.27. */
#define PF_FORKNOEXEC 0x00000040
#define PF_KTHREAD    0x00200000

#define THREADS_MAX    65536
#define PROCESSES_MAX  65536
#define THREADS_SUMMED 64
#define CHILDREN_MAX   1024 /* searched for one of them */
#define BPF_FDS_MAX    256 /* looked at for a BPF map */

#define NAMESPACES_MAX 33 /* include/linux/pid_namespace.h: MAX_PID_NS_LEVEL, and the first */

static const char deleted[] = " (deleted)";

struct stat_fields {
	char state;
	pid_t parent;
	unsigned int flags;
	long threads;
	unsigned long long start_ticks;
};

static int read_stat(pid_t pid, struct stat_fields *out)
{
	char text[2048];
	const char *rest;
	ssize_t n;
	int nr;

	if (pid <= 0)
		return -ESRCH;
	n = procfs_read(pid, "stat", text, sizeof(text));
	if (n < 0)
		return (int)n;
	/* Field 2 is the comm as it is, with any ')', space or newline; no later field has a ')'. */
	rest = memrchr(text, ')', (size_t)n);
	if (!rest)
		return -ESRCH;
	/* Fields 3, 4, 9, 20 and 22 of proc(5). */
	nr = sscanf(
		rest + 1,
		" %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu",
		&out->state, &out->parent, &out->flags, &out->threads, &out->start_ticks);
	return nr == 5 ? 0 : -ESRCH;
}

/* Or -errno. */
static pid_t read_tgid(pid_t pid)
{
	char text[1024];
	const char *line;
	ssize_t n = procfs_read(pid, "status", text, sizeof(text));

	if (n < 0)
		return (pid_t)n;
	/* The name before it has its newlines escaped, so the first such line is the real one. */
	line = strstr(text, "\nTgid:\t");
	return line ? (pid_t)strtol(line + strlen("\nTgid:\t"), NULL, 10) : -ESRCH;
}

static enum process_kind none_for(int err)
{
	errno = -err;
	return error_is_passing(err) ? PROCESS_UNKNOWN : PROCESS_NONE;
}

enum process_kind process_kind(pid_t pid, pid_t *tgid)
{
	struct stat_fields stat;
	pid_t leader;
	int err = read_stat(pid, &stat);

	if (tgid)
		*tgid = 0;
	if (err)
		return none_for(err);
	leader = read_tgid(pid);
	if (leader <= 0)
		return none_for(leader);
	if (tgid)
		*tgid = leader;
	if (leader != pid)
		return PROCESS_THREAD;
	if (stat.flags & PF_KTHREAD)
		return PROCESS_KERNEL_THREAD;
	/* A leader that left its other threads running looks like a zombie too. */
	if ((stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1)
		return PROCESS_ZOMBIE;
	return PROCESS_NORMAL;
}

bool process_sleeps(pid_t pid)
{
	struct stat_fields stat;

	return !read_stat(pid, &stat) && stat.state != 'R';
}

int process_start_time(pid_t pid, uint64_t *ticks)
{
	struct stat_fields stat;
	int err = read_stat(pid, &stat);

	if (!err)
		*ticks = stat.start_ticks;
	return err;
}

uint64_t process_started_ns(pid_t pid)
{
	/* in this order: they are the same on a machine that was never suspended */
	uint64_t now_ns = clock_now_ns(), asleep_ns = clock_read_ns(CLOCK_BOOTTIME) - now_ns, ticks;
	long per_second = sysconf(_SC_CLK_TCK);

	if (per_second <= 0 || process_start_time(pid, &ticks) || ticks > UINT64_MAX / NS_PER_SEC)
		return 0;
	ticks = ticks * NS_PER_SEC / (uint64_t)per_second;
	return ticks > asleep_ns ? ticks - asleep_ns : 0;
}

static int read_comm(pid_t pid, const char *name, char comm[16])
{
	char text[64]; /* a kernel worker's is longer than 15 bytes */
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	n = procfs_read(pid, name, text, sizeof(text));
	if (n < 0)
		return (int)n;
	if (n && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n > 15)
		n = 15;
	memset(comm, 0, 16);
	memcpy(comm, text, (size_t)n);
	return 0;
}

int process_comm(pid_t pid, char comm[16])
{
	return read_comm(pid, "comm", comm);
}

int process_thread_comm(pid_t pid, pid_t tid, char comm[16])
{
	char name[64];

	snprintf(name, sizeof(name), "task/%d/comm", tid);
	return read_comm(pid, name, comm);
}

static char *path_link(pid_t pid, const char *name)
{
	char *path = pid > 0 ? procfs_link(pid, name) : NULL;
	size_t n;

	if (!path)
		return NULL;
	n = strlen(path);
	if (n > strlen(deleted) && !strcmp(path + n - strlen(deleted), deleted))
		path[n - strlen(deleted)] = '\0';
	return path;
}

char *process_exe(pid_t pid)
{
	return path_link(pid, "exe");
}

char *process_cwd(pid_t pid)
{
	return path_link(pid, "cwd");
}

char *process_fd_path(pid_t pid, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", fd);
	return pid > 0 && fd >= 0 ? procfs_link(pid, name) : NULL;
}

static bool is_our_program(pid_t pid)
{
	/* the file may be on a file system whose server does not answer: what is cached will do */
	const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	struct statx own, other;
	char path[PROCESS_FILE_BYTES];

	return !process_file_path(path, pid, "exe") &&
	       !statx(AT_FDCWD, "/proc/self/exe", flags, STATX_INO, &own) &&
	       !statx(AT_FDCWD, path, flags, STATX_INO, &other) && own.stx_ino == other.stx_ino &&
	       own.stx_dev_major == other.stx_dev_major && own.stx_dev_minor == other.stx_dev_minor;
}

static bool has_bpf_maps(pid_t pid)
{
	DIR *fds __closing_dir = procfs_opendir(pid, "fd");

	for (int i = 0; fds && i < BPF_FDS_MAX; i++) {
		int fd = procfs_next_number(fds);
		char *path __freeing = fd < 0 ? NULL : process_fd_path(pid, fd);

		if (fd < 0)
			break;
		if (path && !strcmp(path, "anon_inode:bpf-map"))
			return true;
	}
	return false;
}

bool process_is_blockprof(pid_t pid)
{
	char *exe __freeing = NULL;

	if (is_our_program(pid))
		return true;
	exe = process_exe(pid);
	/* of another version, say; its children have the same program, and no maps */
	return exe && !strcmp(base_name(exe), "blockprof") &&
	       (has_bpf_maps(pid) || has_bpf_maps(process_parent(pid)));
}

pid_t process_parent(pid_t pid)
{
	struct stat_fields stat;

	return read_stat(pid, &stat) ? 0 : stat.parent;
}

bool process_is_forked(pid_t pid)
{
	struct stat_fields stat;

	return !read_stat(pid, &stat) && stat.flags & PF_FORKNOEXEC;
}

bool process_is_copy(pid_t pid)
{
	pid_t parent = process_parent(pid);
	char *own __freeing = NULL, *parents __freeing = NULL;

	if (!process_is_forked(pid) || parent <= 1)
		return false;
	own = process_exe(pid);
	parents = process_exe(parent);
	return own && parents && !strcmp(own, parents);
}

bool process_is_stopped(pid_t pid)
{
	struct stat_fields stat;

	return !read_stat(pid, &stat) && (stat.state == 'T' || stat.state == 't');
}

uint64_t process_ran_ns(pid_t pid)
{
	char text[128];

	return procfs_read(pid, "schedstat", text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

uint64_t process_all_busy_ns(pid_t pid)
{
	DIR *dir __closing_dir = procfs_opendir(pid, "task");
	uint64_t sum_ns = 0;
	int tid;

	for (int i = 0; dir && i < THREADS_SUMMED && (tid = procfs_next_number(dir)) >= 0; i++) {
		uint64_t ran_ns, ready_ns;
		char name[48], text[128];

		snprintf(name, sizeof(name), "task/%d/schedstat", tid);
		if (procfs_read(pid, name, text, sizeof(text)) > 0 &&
		    sscanf(text, "%" SCNu64 " %" SCNu64, &ran_ns, &ready_ns) == 2)
			sum_ns += ran_ns + ready_ns;
	}
	return sum_ns;
}

int64_t process_threads(pid_t pid)
{
	struct stat_fields stat;

	return read_stat(pid, &stat) ? -1 : stat.threads;
}

/* The children that one thread forked. -ENOENT: no such thread, or the kernel does not list them. */
static int thread_children(pid_t pid, pid_t tid, pid_t *children, size_t max, size_t *nr)
{
	char name[64];
	FILE *file;
	pid_t child;
	int err;

	snprintf(name, sizeof(name), "task/%d/children", tid);
	err = process_file_stream(pid, name, &file);
	if (err)
		return err;
	while (*nr < max && fscanf(file, "%d", &child) == 1)
		children[(*nr)++] = child;
	fclose(file);
	return 0;
}

int process_children_listed(pid_t pid, pid_t *children, size_t max)
{
	DIR *threads __closing_dir = pid > 0 ? procfs_opendir(pid, "task") : NULL;
	bool listed = false;
	size_t nr = 0;
	int tid;

	if (!threads)
		return -ESRCH;
	for (int i = 0; i < THREADS_MAX && nr < max; i++) {
		tid = procfs_next_number(threads);
		if (tid < 0)
			break;
		if (!thread_children(pid, tid, children, max, &nr))
			listed = true;
	}
	return listed ? (int)nr : -EOPNOTSUPP;
}

int process_children(pid_t pid, pid_t *children, size_t max)
{
	DIR *processes __closing_dir = NULL;
	int listed, other, nr = 0;

	listed = process_children_listed(pid, children, max);
	if (listed != -EOPNOTSUPP)
		return listed < 0 ? 0 : listed;
	processes = procfs_opendir(0, NULL);
	if (!processes)
		return 0;
	for (int i = 0; i < PROCESSES_MAX && (size_t)nr < max; i++) {
		other = procfs_next_number(processes);
		if (other < 0)
			break;
		if (process_parent(other) == pid)
			children[nr++] = other;
	}
	return nr;
}

/* The numbers that a process has in each pid namespace, from ours inwards. How many; 0: not known. */
static size_t namespace_numbers(pid_t pid, pid_t *numbers, size_t max)
{
	char text[2048], *rest;
	size_t nr = 0;

	if (procfs_read(pid, "status", text, sizeof(text)) < 0)
		return 0;
	rest = strstr(text, "\nNSpid:");
	if (!rest)
		return 0;
	rest += strlen("\nNSpid:");
	while (nr < max && *rest == '\t')
		numbers[nr++] = (pid_t)strtol(rest, &rest, 10);
	return nr;
}

bool process_numbers_are_ours(pid_t pid)
{
	pid_t numbers[NAMESPACES_MAX];

	return namespace_numbers(pid, numbers, NAMESPACES_MAX) == 1;
}

pid_t process_own_number(pid_t pid)
{
	pid_t numbers[NAMESPACES_MAX];
	size_t nr = namespace_numbers(pid, numbers, NAMESPACES_MAX);

	return nr ? numbers[nr - 1] : 0;
}

pid_t process_tracer(pid_t pid, pid_t tid)
{
	char name[48], text[1024];

	snprintf(name, sizeof(name), "task/%d/status", tid);
	if (procfs_read(pid, name, text, sizeof(text)) < 0)
		return 0;
	return (pid_t)status_number(text, "\nTracerPid:");
}

int process_user(pid_t pid, uid_t *user)
{
	char text[1024];
	const char *line;
	ssize_t got = procfs_read(pid, "status", text, sizeof(text));

	if (got < 0)
		return (int)got;
	line = strstr(text, "\nUid:\t");
	return line && sscanf(line, "\nUid: %*u %u", user) == 1 ? 0 : -ESRCH;
}

pid_t process_child_numbered(pid_t pid, pid_t number)
{
	pid_t own[NAMESPACES_MAX], numbers[NAMESPACES_MAX], children[CHILDREN_MAX];
	size_t level = namespace_numbers(pid, own, NAMESPACES_MAX);
	int nr;

	if (level <= 1)
		return number;
	nr = process_children(pid, children, CHILDREN_MAX);
	for (int i = 0; i < nr; i++)
		if (namespace_numbers(children[i], numbers, NAMESPACES_MAX) >= level &&
		    numbers[level - 1] == number)
			return children[i];
	return 0;
}
