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

#include <stdbool.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "base/allowance.h"
#include "proc/peer/file_lock.h"

struct peers;

int peers_new(struct peers **out);
void peers_free(struct peers *peers);
/* Nothing else waits for the answers: a search takes longer, and the next one comes at once. */
void peers_take_time(struct peers *peers);

struct peer {
	pid_t pid;
	int fd; /* its descriptor for it; -1: not known */
	bool certain; /* else others may as well be meant */
	char comm[16];
};

/* What looking for them costs is paid from this; who observes them pays from it, too. */
struct allowance *peers_allowance(struct peers *peers);
/* How much was not asked or observed, as that was used up. */
uint64_t peers_refused(const struct peers *peers);

/*
 * All that follow: 0, -ENOENT, or -EAGAIN: looking for it would cost too much now.
 *
 * The process with the other end of this TCP or UDP socket of process pid.
 */
int peers_inet(struct peers *peers, pid_t pid, const struct bp_socket *socket, struct peer *out);
/* The process with the other end of this unix socket (inode of the socket). */
int peers_unix(struct peers *peers, pid_t pid, unsigned long long ino, struct peer *out);
/*
 * The process with the other end of a pipe (inode), other than pid itself if there is one.
 * reader: whether pid was reading (so the peer is one that can write).
 */
int peers_pipe(struct peers *peers, pid_t pid, unsigned long long ino, int reader,
	       struct peer *out);
/* The daemon of the FUSE file system with this device number, for process pid. */
int peers_fuse(struct peers *peers, pid_t pid, uint32_t dev, struct peer *out);
/* Who has to permit, by fanotify, what process pid does on the file system with this number (0: not known). */
int peers_scanner(struct peers *peers, pid_t pid, uint32_t dev, struct peer *out);
/* Who has this name on the bus with the socket of this path, where that is the system's; process pid calls it there. */
int peers_bus(struct peers *peers, pid_t pid, const char *path, const char *name, struct peer *out);
/* Who holds a lock on a file; fd: the asker's descriptor for that. It may be the asker itself. */
int peers_lock(struct peers *peers, const struct file_lock *lock, int fd, struct peer *out);

#endif
