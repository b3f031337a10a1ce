// SPDX-License-Identifier: GPL-2.0-or-later
/* netns.c - for how long the list of network namespaces holds. */
#include "proc/peer/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "proc/procfs.h"

#define MAX_AGE_NS    (5 * NS_PER_SEC)
#define PROCESSES_MAX 16384

static bool has(const struct netns_list *list, unsigned int ino)
{
	/* Neighbours among the processes are often in the same one. */
	for (size_t i = list->nr; i-- > 0;) {
		if (list->v[i].ino == ino)
			return true;
	}
	return false;
}

static void see(struct netns_list *list, int processes, pid_t pid)
{
	struct stat status;
	char name[32];

	snprintf(name, sizeof(name), "%d/ns/net", pid);
	if (!fstatat(processes, name, &status, 0) && !has(list, (unsigned int)status.st_ino))
		list->v[list->nr++] = (struct netns){
			.ino = (unsigned int)status.st_ino,
			.pid = pid,
		};
}

int netns_list_update(struct netns_list *list, uint64_t until_ns)
{
	uint64_t now_ns = clock_now_ns();
	int pid;

	if (!list->resume && list->read_ns && now_ns - list->read_ns < MAX_AGE_NS)
		return 0;

	DIR *processes __closing_dir = procfs_opendir(0, NULL);

	if (!list->resume) {
		list->read_ns = now_ns;
		list->nr = 0;
	}
	for (int i = 0; processes && i < PROCESSES_MAX && list->nr < NETNS_MAX; i++) {
		pid = procfs_next_number(processes);
		if (pid < 0)
			break;
		if (pid < list->resume)
			continue;
		if (clock_now_ns() >= until_ns) {
			list->resume = pid;
			return -EAGAIN;
		}
		see(list, dirfd(processes), pid);
	}
	list->resume = 0;
	return 0;
}
