/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holder.h - which process has a socket or one end of a pipe open.
 *
 * The kernel has no question for it: /proc/PID/fd of the processes is searched,
 * likely ones first, within a budget of processes, descriptors, and time by the clock:
 * until_ns, by clock_now_ns(), after which no search goes on.
 */
#ifndef BLOCKPROF_PROC_PEER_HOLDER_H
#define BLOCKPROF_PROC_PEER_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/peer/proof.h"

/* The pipe end that is wanted. */
enum holder_end {
	HOLDER_ANY,
	HOLDER_READS,
	HOLDER_WRITES,
};

struct holder_wanted {
	pid_t asker; /* answered with only if no other process holds it */
	enum holder_end end;
	uid_t uid; /* this user's processes are searched first; 0: all alike */
	const char *link; /* of its descriptor: "socket:[1]", "pipe:[1]", a FIFO's path */
	uint64_t ino; /* a FIFO's; 0: the link is enough */
	bool asker_first; /* if the asker holds it, only those are searched besides that it may have it from, or may have given it to */
	struct proof proof;
};

struct holder {
	pid_t pid;
	int fd; /* -1: the kernel named the process without it */
	bool certain; /* see proof.h */
};

#define HOLDERS_RECENT 8

/* What is remembered between two searches; start with zeroes. */
struct holders {
	pid_t recent[HOLDERS_RECENT]; /* answers, latest first; 0: none */
	pid_t resume; /* where the last search, cut short, goes on */
};

/*
 * Of several processes that hold it, the parent; among siblings the lowest
 * pid. 0, -ENOENT, or -EAGAIN when the budget ended first.
 */
int holders_find(struct holders *holders, const struct holder_wanted *wanted, uint64_t until_ns,
		 struct holder *out);
/* Does it still hold it? One readlink. */
bool holder_check(const struct holder *holder, const struct holder_wanted *wanted);
/*
 * What the descriptor of process pid for the pipe or FIFO with this inode links to: of a
 * FIFO a path. 0 and a link that the caller frees, -ENOENT, or -EAGAIN as above.
 */
int holder_pipe_link(pid_t pid, uint64_t ino, uint64_t until_ns, char **link);

#endif
