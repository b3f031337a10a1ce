// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/process_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int process_file_path(char path[PROCESS_FILE_BYTES], pid_t pid, const char *name)
{
	int n = snprintf(path, PROCESS_FILE_BYTES, "/proc/%d/%s", pid, name);

	if (n < 0 || n >= PROCESS_FILE_BYTES)
		return -ENAMETOOLONG;
	/* no signal is sent, and whether it might be does not matter; 0 would be a group of ours */
	return pid > 0 && kill(pid, 0) && errno == ESRCH ? -ESRCH : 0;
}

int process_file_open(pid_t pid, const char *name, int flags)
{
	char path[PROCESS_FILE_BYTES];
	int err = process_file_path(path, pid, name), fd;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

int process_file_stream(pid_t pid, const char *name, FILE **out)
{
	int fd = process_file_open(pid, name, 0);

	*out = fd < 0 ? NULL : fdopen(fd, "r");
	if (!*out && fd >= 0)
		close(fd);
	return *out ? 0 : fd < 0 ? fd : -ENOMEM;
}
