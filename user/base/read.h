/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.h - bounded reading of files, at offsets that may come from foreign content. */
#ifndef BLOCKPROF_BASE_READ_H
#define BLOCKPROF_BASE_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Up to so many bytes; fewer only where the file ends. How many, or -errno. */
ssize_t read_up_to(int fd, uint64_t offset, void *to, size_t bytes);

/* Exactly so many. 0; -ENODATA: the file ends before; other -errno. */
int read_at(int fd, uint64_t offset, void *to, size_t bytes);

#endif
