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
};

/*
 * Reads the list anew when it is older than a few seconds, from a bounded number
 * of processes, and keeps NETNS_MAX namespaces.
 */
void netns_list_update(struct netns_list *list);

#endif
