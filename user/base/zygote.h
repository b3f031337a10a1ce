/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zygote.h - a small process that forks the others anew.
 *
 * A child is a copy of whoever forks it. The watch has bytes of all targets in its memory, and
 * what reads a hostile file is to find none of them there: it is forked by a process that was
 * itself forked before anything of a target was read.
 */
#ifndef BLOCKPROF_BASE_ZYGOTE_H
#define BLOCKPROF_BASE_ZYGOTE_H

#include <stddef.h>
#include <sys/types.h>

struct zygote;

#define ZYGOTE_FDS_MAX 4

/* What the new process does, with nr descriptors; it is a child of parent. It ends when that returns. */
typedef void zygote_child_fn(const int *fds, size_t nr, pid_t parent);

/* To be called before anything of a target is read. It ends with this process. NULL: it cannot be had. */
struct zygote *zygote_new(void);
void zygote_free(struct zygote *zygote); /* NULL is fine. Its children go on. */

/*
 * A new child of the calling process, which waits for it as for any other. The descriptors stay
 * the caller's. NULL, or one that somebody has killed or stopped: the calling process forks it.
 * Its number, or -errno.
 */
pid_t zygote_fork(struct zygote *zygote, zygote_child_fn *child, const int *fds, size_t nr);

#endif
