// SPDX-License-Identifier: GPL-2.0-or-later
/* perf_map_file.c - anyone can put a file into /tmp: only the target's own is believed. */
#include "symbol/perf_map_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
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
	if (status->st_uid != user || status->st_mode & S_IWOTH)
		return -EPERM;
	return check_age(pid, status);
}

int perf_map_file_open(const struct memory *target, struct file_opened *opened)
{
	pid_t number = process_own_number(target->pid);
	struct file_wanted wanted = { .pid = target->pid, .no_links = true };
	char path[64];
	int err;

	*opened = FILE_NOT_OPENED;
	if (!number)
		return -ESRCH;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", number);
	wanted.path = path;
	err = files_open(target->source, &wanted, opened);
	/* nobody has his /tmp where it need not answer */
	if (!err && opened->may_hang)
		err = -EPERM;
	return err ? err : check(target->pid, &opened->status);
}
