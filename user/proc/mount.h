/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount.h - the file system that a file of a process is on, by /proc/PID/mountinfo:
 * the file system itself, which may hang, is never asked.
 */
#ifndef BLOCKPROF_PROC_MOUNT_H
#define BLOCKPROF_PROC_MOUNT_H

#include <stdint.h>
#include <sys/types.h>

#define MOUNT_TYPE_BYTES   32
#define MOUNT_SERVER_BYTES 128

struct mount {
	uint32_t dev; /* as the kernel has it: major << 20 | minor */
	char type[MOUNT_TYPE_BYTES]; /* "ext4", "fuse.sshfs", "nfs4" */
	/* Of a network's file system: the address of the machine, else what it calls its source. */
	char server[MOUNT_SERVER_BYTES];
};

/* By its device number; or, where that is 0, by its path. 0, -ENOENT, or -errno. */
int mount_find(pid_t pid, uint32_t dev, const char *path, struct mount *out);

#endif
