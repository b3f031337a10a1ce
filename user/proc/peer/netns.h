/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.h - the network namespaces that processes of this machine are in:
 * the other end of a container's connection is often in another container.
 */
#ifndef BLOCKPROF_PROC_PEER_NETNS_H
#define BLOCKPROF_PROC_PEER_NETNS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NETNS_MAX 128

struct netns {
	unsigned int ino;
	pid_t pid; /* a process that is in it */
};

/* Start with zeroes. */
struct netns_list {
	struct netns v[NETNS_MAX];
	size_t nr;
	uint64_t read_ns; /* when; 0: never */
	pid_t resume; /* where reading goes on that was cut short; 0: it was not */
};

/*
 * Reads the list anew when it is older than a few seconds, from a bounded number
 * of processes, and keeps NETNS_MAX namespaces. 0, or -EAGAIN: until until_ns (by
 * clock_now_ns()) it did not come to all; the next one goes on there.
 */
int netns_list_update(struct netns_list *list, uint64_t until_ns);

#endif
