// SPDX-License-Identifier: GPL-2.0-or-later
/* read.c - that a read may be short or interrupted, and that an offset must be one of a file. */
#include "base/read.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_up_to(int fd, uint64_t offset, void *to, size_t bytes)
{
	size_t done = 0;

	if (bytes > INT64_MAX || offset > INT64_MAX - bytes)
		return -EOVERFLOW;
	while (done < bytes) {
		ssize_t got = pread(fd, (char *)to + done, bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int read_at(int fd, uint64_t offset, void *to, size_t bytes)
{
	ssize_t got = read_up_to(fd, offset, to, bytes);

	if (got < 0)
		return (int)got;
	return (size_t)got == bytes ? 0 : -ENODATA;
}
