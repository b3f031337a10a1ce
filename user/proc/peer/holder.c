// SPDX-License-Identifier: GPL-2.0-or-later
/* holder.c - in which order processes are searched, and what a search may cost. */
#include "proc/peer/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process_file.h"
#include "proc/process.h"
#include "proc/procfs.h"

#define PROCESSES_MAX	   4096
#define DESCRIPTORS_MAX	   65536
#define DESCRIPTORS_A_TICK 32 /* between two readings of the clock */
#define CHILDREN_MAX	   64
#define PARENTS_MAX	   16

struct budget {
	uint64_t until_ns; /* by clock_now_ns() */
	unsigned int processes;
	unsigned int descriptors;
};

static struct budget budget_share(unsigned int parts, uint64_t until_ns)
{
	uint64_t now_ns = clock_now_ns();

	return (struct budget){
		.until_ns = until_ns > now_ns ? now_ns + (until_ns - now_ns) / parts : now_ns,
		.processes = PROCESSES_MAX / parts,
		.descriptors = DESCRIPTORS_MAX / parts,
	};
}

static bool is_over(const struct budget *budget)
{
	return clock_now_ns() >= budget->until_ns;
}

static bool spend_process(struct budget *budget)
{
	if (!budget->processes || is_over(budget))
		return false;
	budget->processes--;
	return true;
}

static bool spend_descriptor(struct budget *budget)
{
	bool is_tick = budget->descriptors % DESCRIPTORS_A_TICK == 0;

	if (!budget->descriptors || (is_tick && is_over(budget)))
		return false;
	budget->descriptors--;
	return true;
}

struct fdinfo {
	unsigned int flags;
	uint64_t ino; /* 0: not known, the kernel is older than 5.14 */
};

static bool read_fdinfo(pid_t pid, int fd, struct fdinfo *out)
{
	char name[32], text[512];
	const char *line;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (procfs_read(pid, name, text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "flags:\t");
	if (!line)
		return false;
	out->flags = (unsigned int)strtoul(line + strlen("flags:\t"), NULL, 8);
	line = strstr(text, "\nino:\t");
	out->ino = line ? strtoull(line + strlen("\nino:\t"), NULL, 10) : 0;
	return true;
}

static bool end_fits(enum holder_end end, unsigned int flags)
{
	unsigned int mode = flags & O_ACCMODE;

	return end == HOLDER_ANY || mode == O_RDWR ||
	       mode == (end == HOLDER_READS ? O_RDONLY : O_WRONLY);
}

/* readlink() and not stat(): it never asks a file system, which may hang. */
static bool link_is(int dir, const char *name, const char *link)
{
	size_t len = strlen(link);
	char text[PATH_MAX];
	ssize_t n;

	n = readlinkat(dir, name, text, len < sizeof(text) ? len + 1 : sizeof(text));
	return n >= 0 && (size_t)n == len && !memcmp(text, link, len);
}

static bool descriptor_fits(int dir, pid_t pid, int fd, const struct holder_wanted *wanted,
			    bool *certain)
{
	struct fdinfo info;
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	*certain = true;
	if (!link_is(dir, name, wanted->link) || !proof_holds(&wanted->proof, pid, fd, certain))
		return false;
	if (wanted->end == HOLDER_ANY)
		return true;
	return read_fdinfo(pid, fd, &info) && end_fits(wanted->end, info.flags) &&
	       (!wanted->ino || !info.ino || info.ino == wanted->ino);
}

bool holder_check(const struct holder *holder, const struct holder_wanted *wanted)
{
	int dir __closing = process_file_open(holder->pid, "fd", O_DIRECTORY);
	bool certain;

	return dir >= 0 && descriptor_fits(dir, holder->pid, holder->fd, wanted, &certain);
}

struct search {
	const struct holder_wanted *wanted;
	struct budget budget;
	pid_t last; /* the process that it came to last */
	pid_t begun; /* and the last one that there was time for, all of it or a part */
	struct holder *out;
};

/* 0, -ENOENT, or -EAGAIN when the budget ended. */
static int search_process(struct search *search, pid_t pid)
{
	bool certain;
	int fd;

	if (!spend_process(&search->budget))
		return -EAGAIN;
	search->begun = pid;

	DIR *dir __closing_dir = procfs_opendir(pid, "fd");

	if (!dir)
		return -ENOENT;
	while ((fd = procfs_next_number(dir)) >= 0) {
		if (!spend_descriptor(&search->budget))
			return -EAGAIN;
		if (descriptor_fits(dirfd(dir), pid, fd, search->wanted, &certain)) {
			*search->out = (struct holder){ .pid = pid, .fd = fd, .certain = certain };
			return 0;
		}
	}
	return -ENOENT;
}

/* A socket shared by a server and the workers it forked is that of the server. */
static void go_to_leader(struct search *search)
{
	pid_t parent;

	for (int i = 0; i < PARENTS_MAX; i++) {
		parent = process_parent(search->out->pid);
		if (parent <= 0 || parent == search->wanted->asker ||
		    search_process(search, parent))
			return;
	}
}

static void remember(struct holders *holders, pid_t pid)
{
	pid_t *recent = holders->recent;
	size_t i;

	for (i = 0; i < HOLDERS_RECENT - 1; i++) {
		if (recent[i] == pid)
			break;
	}
	memmove(recent + 1, recent, i * sizeof(*recent));
	recent[0] = pid;
}

static int search_likely(struct search *search, const struct holders *holders)
{
	pid_t likely[HOLDERS_RECENT + 1 + CHILDREN_MAX], asker = search->wanted->asker;
	size_t nr = HOLDERS_RECENT;
	int err, children;

	memcpy(likely, holders->recent, sizeof(holders->recent));
	likely[nr++] = process_parent(asker);
	children = process_children_listed(asker, likely + nr, CHILDREN_MAX);
	if (children > 0)
		nr += (size_t)children;
	for (size_t i = 0; i < nr; i++) {
		if (likely[i] <= 0 || likely[i] == asker)
			continue;
		err = search_process(search, likely[i]);
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

/* The directory of a process belongs to its effective user, also when its files are root's. */
static bool is_of_user(int proc, pid_t pid, uid_t uid)
{
	struct stat status;
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	return !fstatat(proc, name, &status, 0) && status.st_uid == uid;
}

/* Processes from first up to, but not with, end; of one user when uid is not 0. */
static int search_range(struct search *search, pid_t first, pid_t end, uid_t uid)
{
	DIR *processes __closing_dir = procfs_opendir(0, NULL);
	pid_t pid;
	int err;

	if (!processes)
		return -ENOENT;
	/* The kernel lists them in ascending order: proc_pid_readdir(). */
	while ((pid = procfs_next_number(processes)) >= 0 && pid < end) {
		if (pid < first || pid == search->wanted->asker)
			continue;
		if (uid && !is_of_user(dirfd(processes), pid, uid))
			continue;
		search->last = pid;
		err = search_process(search, pid);
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

static int search_all(struct search *search, struct holders *holders)
{
	pid_t first = holders->resume;
	int err;

	search->last = search->begun = 0;
	err = search_range(search, first, INT_MAX, 0);
	if (err == -ENOENT && first)
		err = search_range(search, 0, first, 0);
	if (err != -EAGAIN)
		holders->resume = 0;
	else if (search->begun == first && first < INT_MAX)
		holders->resume = first + 1; /* it takes a budget of its own: not once more */
	else
		holders->resume = search->last;
	return err;
}

int holders_find(struct holders *holders, const struct holder_wanted *wanted, uint64_t until_ns,
		 struct holder *out)
{
	/* Of its own, so that one likely process with very many descriptors hides no other. */
	struct search search = { .wanted = wanted, .out = out };
	int err;

	search.budget = budget_share(4, until_ns);
	err = search_likely(&search, holders);
	if (err && wanted->asker_first && !search_process(&search, wanted->asker))
		return 0;
	if (err && wanted->uid) {
		search.budget = budget_share(2, until_ns);
		err = search_range(&search, 0, INT_MAX, wanted->uid);
	}
	if (err) {
		search.budget = budget_share(1, until_ns);
		err = search_all(&search, holders);
	}
	if (err == -ENOENT)
		return search_process(&search, wanted->asker);
	if (err)
		return err;
	go_to_leader(&search);
	remember(holders, out->pid);
	return 0;
}

static bool is_fifo(pid_t pid, int fd, uint64_t ino, const char *link, int dir)
{
	/* it may be of a file system that does not answer: what is cached will do */
	const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	struct fdinfo info;
	struct statx status;
	char name[16];

	if (*link != '/' || !read_fdinfo(pid, fd, &info) || info.ino != ino)
		return false;
	/* Another file system's file may have this number too. */
	snprintf(name, sizeof(name), "%d", fd);
	return !statx(dir, name, flags, STATX_TYPE, &status) && S_ISFIFO(status.stx_mode);
}

int holder_pipe_link(pid_t pid, uint64_t ino, uint64_t until_ns, char **link)
{
	DIR *dir __closing_dir = procfs_opendir(pid, "fd");
	struct budget budget = budget_share(4, until_ns);
	char pipe_link[48];
	int fd;

	if (!dir)
		return -ENOENT;
	snprintf(pipe_link, sizeof(pipe_link), "pipe:[%llu]", (unsigned long long)ino);
	while ((fd = procfs_next_number(dir)) >= 0) {
		if (!spend_descriptor(&budget))
			return -EAGAIN;
		*link = process_fd_path(pid, fd);
		if (!*link)
			continue;
		if (is_fifo(pid, fd, ino, *link, dirfd(dir)) || !strcmp(*link, pipe_link))
			return 0;
		free(*link);
	}
	return -ENOENT;
}
