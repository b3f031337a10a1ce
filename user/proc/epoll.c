// SPDX-License-Identifier: GPL-2.0-or-later
/* epoll.c - what /proc/PID/fdinfo says of epoll instances. */
#include "proc/epoll.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "proc/process.h"
#include "proc/procfs.h"

#define DESCRIPTORS_MAX 1024 /* that are checked: a loop's own instance is made early */
#define INFO_BYTES	4096
#define INFO_BYTES_MAX	65536 /* some 800 descriptors */
#define THREADS_MAX	256

static bool links_to(pid_t pid, int fd, const char *what)
{
	char name[32];
	char *link __freeing = NULL;

	snprintf(name, sizeof(name), "fd/%d", fd);
	link = procfs_link(pid, name);
	return link && starts_with(link, what);
}

/* Lines of fdinfo: "tfd:       11 events:       19 data: ..." */
static void count(pid_t pid, struct epoll *epoll)
{
	char name[32], info[INFO_BYTES];
	const char *at = info;

	epoll->watched = epoll->sockets = 0;
	snprintf(name, sizeof(name), "fdinfo/%d", epoll->fd);
	if (procfs_read(pid, name, info, sizeof(info)) < 0)
		return;
	while ((at = strstr(at, "tfd:"))) {
		int fd;

		at += strlen("tfd:");
		if (sscanf(at, "%d", &fd) != 1)
			continue;
		epoll->watched++;
		epoll->sockets += links_to(pid, fd, "socket:");
	}
}

int epoll_list(pid_t pid, struct epoll *list, size_t max)
{
	DIR *dir __closing_dir = procfs_opendir(pid, "fd");
	size_t nr = 0;
	int fd;

	if (!dir)
		return -errno;
	for (int i = 0; i < DESCRIPTORS_MAX && nr < max && (fd = procfs_next_number(dir)) >= 0;
	     i++) {
		if (!links_to(pid, fd, "anon_inode:[eventpoll]"))
			continue;
		list[nr].fd = fd;
		count(pid, &list[nr]);
		nr += list[nr].watched != 0;
	}
	return (int)nr;
}

bool epoll_has(pid_t pid, int epoll_fd, int fd)
{
	char *text __freeing = malloc(INFO_BYTES_MAX);
	char name[32], *line, *rest = text;
	int watched;

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	if (!text || fd < 0 || procfs_read(pid, name, text, INFO_BYTES_MAX) < 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "tfd: %d", &watched) == 1 && watched == fd)
			return true;
	return false;
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

bool epoll_others_wait(pid_t pid, pid_t tid, int fd)
{
	DIR *dir __closing_dir = procfs_opendir(pid, "task");
	int other;

	for (int i = 0; dir && i < THREADS_MAX && (other = procfs_next_number(dir)) >= 0; i++) {
		char name[48], text[128];
		unsigned long long arg;
		long nr;

		snprintf(name, sizeof(name), "task/%d/syscall", other);
		/* "running", or "NR 0xARG ..." */
		if (other != tid && procfs_read(pid, name, text, sizeof(text)) > 0 &&
		    sscanf(text, "%ld %llx", &nr, &arg) == 2 && is_epoll_wait(nr) &&
		    arg == (unsigned long long)fd)
			return true;
	}
	return false;
}

bool epoll_is_inherited(pid_t pid, int fd)
{
	pid_t parent = process_parent(pid);

	/* a kernel without kcmp() says -ENOSYS: then nothing speaks against it */
	return parent > 1 && !syscall(SYS_kcmp, parent, pid, KCMP_FILE, fd, fd);
}
