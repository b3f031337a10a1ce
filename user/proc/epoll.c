// SPDX-License-Identifier: GPL-2.0-or-later
/* epoll.c - what /proc/PID/fdinfo says of epoll instances. */
#include "proc/epoll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "proc/process.h"
#include "proc/procfs.h"

#define DESCRIPTORS_MAX 1024 /* that are checked: a loop's own instance is made early */
#define INFO_BYTES	4096
#define INFO_BYTES_MAX	65536 /* some 800 descriptors */

static bool links_to(pid_t pid, int fd, const char *what)
{
	char name[32];
	char *link __freeing = NULL;

	snprintf(name, sizeof(name), "fd/%d", fd);
	link = procfs_link(pid, name);
	return link && starts_with(link, what);
}

/* Lines of fdinfo: "tfd:       11 events:       19 data: ..." */
static void count(const struct memory *target, struct epoll *epoll)
{
	char name[32], info[INFO_BYTES];
	const char *at = info;

	epoll->watched = epoll->sockets = 0;
	snprintf(name, sizeof(name), "fdinfo/%d", epoll->fd);
	if (files_read_text(target, name, info, sizeof(info)) < 0)
		return;
	while ((at = strstr(at, "tfd:"))) {
		int fd;

		at += strlen("tfd:");
		if (sscanf(at, "%d", &fd) != 1)
			continue;
		epoll->watched++;
		epoll->sockets += links_to(target->pid, fd, "socket:");
	}
}

bool epoll_is(pid_t pid, int fd)
{
	return links_to(pid, fd, "anon_inode:[eventpoll]");
}

int epoll_list(const struct memory *target, struct epoll *list, size_t max)
{
	DIR *dir __closing_dir = procfs_opendir(target->pid, "fd");
	size_t nr = 0;
	int fd;

	if (!dir)
		return -errno;
	for (int i = 0; i < DESCRIPTORS_MAX && nr < max && (fd = procfs_next_number(dir)) >= 0;
	     i++) {
		if (!epoll_is(target->pid, fd))
			continue;
		list[nr].fd = fd;
		count(target, &list[nr]);
		nr += list[nr].watched != 0;
	}
	return (int)nr;
}

bool epoll_has(const struct memory *target, int epoll_fd, int fd)
{
	char *text __freeing = malloc(INFO_BYTES_MAX);
	char name[32], *line, *rest = text;
	int watched;

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	if (!text || fd < 0 || files_read_text(target, name, text, INFO_BYTES_MAX) < 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "tfd: %d", &watched) == 1 && watched == fd)
			return true;
	return false;
}

size_t epoll_sockets(const struct memory *target, int epoll_fd, int *fds, size_t max)
{
	char name[32], info[INFO_BYTES], *line, *rest = info;
	size_t nr = 0;
	int fd;

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	if (files_read_text(target, name, info, sizeof(info)) < 0)
		return 0;
	while (nr < max && (line = strsep(&rest, "\n")))
		if (sscanf(line, "tfd: %d", &fd) == 1 && links_to(target->pid, fd, "socket:"))
			fds[nr++] = fd;
	return nr;
}

static bool is_epoll_wait(long nr)
{
#ifdef SYS_epoll_wait
	if (nr == SYS_epoll_wait)
		return true;
#endif
#ifdef SYS_epoll_pwait2
	if (nr == SYS_epoll_pwait2)
		return true;
#endif
	return nr == SYS_epoll_pwait;
}

/* -1: it waits on none. */
static int waits_on(const struct memory *target, pid_t tid)
{
	char name[48], text[128];
	unsigned long long arg;
	long nr;

	snprintf(name, sizeof(name), "task/%d/syscall", tid);
	/* "running", or "NR 0xARG ..." */
	return files_read_text(target, name, text, sizeof(text)) > 0 &&
			       sscanf(text, "%ld %llx", &nr, &arg) == 2 && is_epoll_wait(nr)
		       ? (int)arg
		       : -1;
}

size_t epoll_waiters(const struct memory *target, struct epoll_waiter list[EPOLL_WAITERS_MAX])
{
	DIR *dir __closing_dir = procfs_opendir(target->pid, "task");
	size_t nr = 0;
	int tid, fd;

	for (int i = 0; dir && i < EPOLL_WAITERS_MAX && (tid = procfs_next_number(dir)) >= 0; i++) {
		fd = waits_on(target, tid);
		if (fd >= 0)
			list[nr++] = (struct epoll_waiter){ tid, fd };
	}
	return nr;
}

bool epoll_others_wait(const struct memory *target, pid_t tid, int fd)
{
	DIR *dir __closing_dir = procfs_opendir(target->pid, "task");
	int other;

	for (int i = 0; dir && i < EPOLL_WAITERS_MAX && (other = procfs_next_number(dir)) >= 0; i++)
		if (other != tid && waits_on(target, other) == fd)
			return true;
	return false;
}

bool epoll_is_same(const struct memory *target, int fd, pid_t other_pid, int other_fd)
{
	int same = files_compare(target, fd, other_pid, other_fd);

	return same == 1 || same == -ENOSYS;
}

bool epoll_is_inherited(const struct memory *target, int fd)
{
	pid_t parent = process_parent(target->pid);

	/* a kernel without kcmp() says -ENOSYS: then nothing speaks against it */
	return parent > 1 && files_compare(target, fd, parent, fd) == 1;
}
