/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoll.h - the epoll instances of a process, by its descriptors. */
#ifndef BLOCKPROF_PROC_EPOLL_H
#define BLOCKPROF_PROC_EPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* An epoll instance: what is asked of it. */
struct epoll {
	int fd;
	unsigned int watched; /* descriptors in it */
	unsigned int sockets; /* of those */
};

/*
 * The epoll instances of pid among its lowest descriptors, lowest first, that
 * have a descriptor in them. How many were stored, or -errno.
 */
int epoll_list(pid_t pid, struct epoll *list, size_t max);
/* Is fd among the descriptors in this instance? */
bool epoll_has(pid_t pid, int epoll_fd, int fd);
/* Does another thread of pid than tid wait on this epoll instance now? */
bool epoll_others_wait(pid_t pid, pid_t tid, int fd);
/* Is this instance its parent's as well: has it come by a fork? */
bool epoll_is_inherited(pid_t pid, int fd);

#endif
