/* SPDX-License-Identifier: GPL-2.0-or-later */
/* made_file.h - files that are written for a user: made private to that user, and not into what others have laid out. */
#ifndef BLOCKPROF_OUTPUT_MADE_FILE_H
#define BLOCKPROF_OUTPUT_MADE_FILE_H

#include <sys/types.h>

struct file_owner {
	uid_t uid;
	gid_t gid;
};

/*
 * Opens a file for writing, from its beginning. One that is made has mode 0600 and is
 * the owner's (NULL: this process's); one that is there keeps its own. -errno; -ENOTUNIQ:
 * in a directory where anybody can make files, it is or leads by way of another
 * user's, as the kernel's fs.protected_* have it; -EAGAIN: opening would wait, for somebody
 * who reads that FIFO, or for the end of a lease (fcntl(2)).
 */
int made_file_open(const char *path, const struct file_owner *owner);

#endif
