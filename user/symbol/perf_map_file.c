// SPDX-License-Identifier: GPL-2.0-or-later
/* perf_map_file.c - anyone can put a file into /tmp: only the target's own is believed. */
#include "symbol/perf_map_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proc/process.h"

/* Times of files and of processes' starts are as coarse as ticks, and clocks are set. */
#define SLACK_SEC 2

/* A number that was another process's before left a file that nobody has written to since. */
static int check_age(pid_t pid, const struct stat *status)
{
	long ticks = sysconf(_SC_CLK_TCK);
	uint64_t start;
	int64_t began;
	int err = process_start_time(pid, &start);

	if (err)
		return err;
	began = (int64_t)((clock_read_ns(CLOCK_REALTIME) - clock_read_ns(CLOCK_BOOTTIME)) /
			  NS_PER_SEC) +
		(int64_t)(start / (uint64_t)(ticks > 0 ? ticks : 100));
	return status->st_mtim.tv_sec + SLACK_SEC < began ? -ESTALE : 0;
}

static int check(pid_t pid, const struct stat *status)
{
	uid_t user;
	int err = process_user(pid, &user);

	if (err)
		return err;
	if (!S_ISREG(status->st_mode))
		return -EINVAL;
	if (status->st_uid != user || status->st_mode & S_IWOTH)
		return -EPERM;
	return check_age(pid, status);
}

int perf_map_file_open(pid_t pid, struct stat *status)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int root __closing = -1, place __closing = -1;
	pid_t number = process_own_number(pid);
	char name[64];
	int fd, err;

	memset(status, 0, sizeof(*status));
	if (!number)
		return -ESRCH;
	snprintf(name, sizeof(name), "/proc/%d/root", pid);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	snprintf(name, sizeof(name), "tmp/perf-%d.map", number);
	place = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	if (place < 0)
		return -errno;
	/* Looked at before it is opened: opening a device can do something, a FIFO can wait. */
	if (fstat(place, status))
		return -errno;
	err = check(pid, status);
	if (err)
		return err;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}
