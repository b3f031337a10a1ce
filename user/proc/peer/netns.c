// SPDX-License-Identifier: GPL-2.0-or-later
/* netns.c - for how long the list of network namespaces holds. */
#include "proc/peer/netns.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "proc/procfs.h"

#define MAX_AGE_NS    (5 * NS_PER_SEC)
#define BUDGET_NS     (20 * NS_PER_MS)
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

void netns_list_update(struct netns_list *list)
{
	uint64_t now = clock_coarse_ns();
	struct stat status;
	char name[32];
	int pid;

	if (list->read_ns && now - list->read_ns < MAX_AGE_NS)
		return;

	DIR *processes __closing_dir = procfs_opendir(0, NULL);

	list->read_ns = now;
	list->nr = 0;
	for (int i = 0; processes && i < PROCESSES_MAX && list->nr < NETNS_MAX; i++) {
		pid = procfs_next_number(processes);
		if (pid < 0 || clock_coarse_ns() - now > BUDGET_NS)
			break;
		snprintf(name, sizeof(name), "%d/ns/net", pid);
		if (!fstatat(dirfd(processes), name, &status, 0) &&
		    !has(list, (unsigned int)status.st_ino))
			list->v[list->nr++] = (struct netns){
				.ino = (unsigned int)status.st_ino,
				.pid = pid,
			};
	}
}
