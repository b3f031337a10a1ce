/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoll.h - the epoll instances of a process, by its descriptors. */
#ifndef BLOCKPROF_PROC_EPOLL_H
#define BLOCKPROF_PROC_EPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct memory;

/* An epoll instance: what is asked of it. */
struct epoll {
	int fd;
	unsigned int watched; /* descriptors in it */
	unsigned int sockets; /* of those */
};

/*
 * The epoll instances of the process among its lowest descriptors, lowest first, that
 * have a descriptor in them. How many were stored, or -errno.
 */
int epoll_list(const struct memory *target, struct epoll *list, size_t max);
/* Is this descriptor of pid an epoll instance? */
bool epoll_is(pid_t pid, int fd);
/* Is fd among the descriptors in this instance? */
bool epoll_has(const struct memory *target, int epoll_fd, int fd);
/* The sockets among them, lowest places first. How many were stored. */
size_t epoll_sockets(const struct memory *target, int epoll_fd, int *fds, size_t max);
#define EPOLL_WAITERS_MAX 256 /* threads of a process that are asked */

struct epoll_waiter {
	pid_t tid;
	int fd;
};

/* All threads of the process that wait on an epoll instance now. How many were stored. */
size_t epoll_waiters(const struct memory *target, struct epoll_waiter list[EPOLL_WAITERS_MAX]);
/* Does another thread of the process than tid wait on this epoll instance now? */
bool epoll_others_wait(const struct memory *target, pid_t tid, int fd);
/* Do these descriptors of two processes, or of one, stand for one instance? Where the kernel cannot tell: yes. */
bool epoll_is_same(const struct memory *target, int fd, pid_t other_pid, int other_fd);
/* Is this instance its parent's as well: has it come by a fork? */
bool epoll_is_inherited(const struct memory *target, int fd);

#endif
