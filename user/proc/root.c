// SPDX-License-Identifier: GPL-2.0-or-later
/* root.c - which ways of opening a foreign path can do no harm. */
#include "proc/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

int root_find(pid_t pid, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char root[64] = "/";
	int root_fd __closing = -1;
	int fd;

	if (path[0] != '/')
		return -ENOENT;
	if (pid)
		snprintf(root, sizeof(root), "/proc/%d/root", pid);
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

int root_open_place(int place, struct stat *status)
{
	char name[64];
	int fd;

	/* Checked before it is opened: opening a device can do something. */
	if (fstat(place, status))
		return -errno;
	if (!S_ISREG(status->st_mode))
		return -EINVAL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int root_open(pid_t pid, const char *path, struct stat *status)
{
	int place __closing = root_find(pid, path);

	return place < 0 ? place : root_open_place(place, status);
}
