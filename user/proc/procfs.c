// SPDX-License-Identifier: GPL-2.0-or-later
/* procfs.c - how files of /proc are opened and read without more than is wanted. */
#include "proc/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process_file.h"

void procfs_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

DIR *procfs_opendir(pid_t pid, const char *name)
{
	DIR *dir;
	int fd;

	if (!pid)
		return opendir("/proc");
	fd = process_file_open(pid, name, O_DIRECTORY);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

int procfs_next_number(DIR *dir)
{
	const struct dirent *entry;
	unsigned long number;
	char *end;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		number = strtoul(entry->d_name, &end, 10);
		if (!*end && number <= INT_MAX)
			return (int)number;
	}
	return -1;
}

ssize_t procfs_read(pid_t pid, const char *name, char *buf, size_t size)
{
	int fd __closing = process_file_open(pid, name, 0);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	while (done < size - 1) {
		n = read(fd, buf + done, size - 1 - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	buf[done] = '\0';
	return (ssize_t)done;
}

char *procfs_link(pid_t pid, const char *name)
{
	char path[PROCESS_FILE_BYTES], text[PATH_MAX];
	int err = process_file_path(path, pid, name);
	ssize_t n;

	if (err) {
		errno = -err;
		return NULL;
	}
	n = readlink(path, text, sizeof(text));
	if (n < 0)
		return NULL;
	if ((size_t)n >= sizeof(text)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return strndup(text, (size_t)n);
}
