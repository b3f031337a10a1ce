/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h - which process of this machine is at the other end.
 *
 * Answers come from /proc and sock_diag in the target's network namespace;
 * they are cached for a short time, and one question reads of a bounded number of
 * processes and descriptors.
 */
#ifndef BLOCKPROF_PROC_PEER_PEER_H
#define BLOCKPROF_PROC_PEER_PEER_H

#include <sys/types.h>

#include "bpf/abi.h"

struct peers;

int peers_new(struct peers **out);
void peers_free(struct peers *peers);

struct peer {
	pid_t pid;
	int fd; /* its descriptor for it */
	char comm[16];
};

/* The process with the other end of this TCP or UDP socket of process pid. 0 or -ENOENT. */
int peers_inet(struct peers *peers, pid_t pid, const struct bp_socket *socket, struct peer *out);
/* The process with the other end of this unix socket (inode of the socket). */
int peers_unix(struct peers *peers, pid_t pid, unsigned long long ino, struct peer *out);
/*
 * The process with the other end of a pipe (inode), other than pid itself if there is one.
 * reader: whether pid was reading (so the peer is one that can write).
 */
int peers_pipe(struct peers *peers, pid_t pid, unsigned long long ino, int reader,
	       struct peer *out);

#endif
