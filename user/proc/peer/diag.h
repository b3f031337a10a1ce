/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag.h - questions to the kernel about sockets: sock_diag(7).
 *
 * One socket is asked for by its addresses, so the cost does not grow with
 * the number of connections as that of reading /proc/PID/net/tcp does.
 */
#ifndef BLOCKPROF_PROC_PEER_DIAG_H
#define BLOCKPROF_PROC_PEER_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

/*
 * A descriptor for questions in the network namespace netns (an inode number;
 * 0: that of process pid), or -errno: -ENOENT when pid is not in it or gone. It keeps
 * the namespace alive: close it soon.
 */
int diag_open(pid_t pid, unsigned int netns);

struct diag_socket {
	uint32_t ino;
	uid_t uid; /* who made it; 0 as well where that is not known */
	bool listens; /* waits for connections: whoever accepts ours will be the peer */
};

/*
 * The socket at the other end of this TCP or UDP socket; for a connection that
 * is not accepted yet, the one that listens. 0, -ENOENT, or -errno.
 */
int diag_inet_peer(int diag, const struct bp_socket *socket, struct diag_socket *out);
/* The same for a unix socket, by its inode. -EAGAIN: not until until_ns (by clock_now_ns()). */
int diag_unix_peer(int diag, uint32_t ino, uint64_t until_ns, struct diag_socket *out);
/* Whether the other end may be in another namespace: a TCP connection to an address not plainly its own. */
bool diag_inet_may_leave(const struct bp_socket *socket);

#endif
