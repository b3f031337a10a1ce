/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proof.h - what /proc/PID/fdinfo says of a descriptor that its link does not. */
#ifndef BLOCKPROF_PROC_PEER_PROOF_H
#define BLOCKPROF_PROC_PEER_PROOF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a descriptor is to be besides what it links to. */
enum proof_kind {
	PROOF_NONE,
	PROOF_FUSE, /* of the connection of the file system with this device number */
	PROOF_SCANNER, /* asked for permission for files of this file system */
	PROOF_LOCK, /* it, or its process, has a lock on this file, other than one of the asker's own */
};

struct proof {
	enum proof_kind kind;
	uint32_t dev;
	uint64_t ino; /* LOCK */
	pid_t asker; /* LOCK */
};

/* *certain: the kernel says so; else it does not speak against it. */
bool proof_holds(const struct proof *proof, pid_t pid, int fd, bool *certain);

#endif
