// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/memory.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "proc/procfs.h"

#define PAGE_BYTES     4096 /* the least that any machine has */
#define STACK_BYTES    (8ull << 20) /* a frame pointer further away is none */
#define POLLFDS_MAX    1024
#define SELECT_FDS_MAX 1024 /* FD_SETSIZE */
#define FDINFO_BYTES   65536 /* some 800 descriptors */

static size_t read_some(pid_t pid, uint64_t addr, void *buf, size_t size)
{
	struct iovec to = { buf, size };
	struct iovec from = { (void *)(uintptr_t)addr, size };
	ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

	return got < 0 ? 0 : (size_t)got;
}

bool memory_read(pid_t pid, uint64_t addr, void *buf, size_t size)
{
	return read_some(pid, addr, buf, size) == size;
}

bool memory_read_string(pid_t pid, uint64_t addr, char *buf, size_t size)
{
	size_t used = 0;

	/* page by page, as the next one may not be there */
	while (used + 1 < size) {
		size_t left = PAGE_BYTES - (addr + used) % PAGE_BYTES, got;

		if (left > size - 1 - used)
			left = size - 1 - used;
		got = read_some(pid, addr + used, buf + used, left);
		if (memchr(buf + used, 0, got))
			return true;
		used += got;
		if (got < left)
			break;
	}
	buf[used] = 0;
	return used > 0;
}

size_t memory_frames(pid_t pid, uint64_t ip, uint64_t sp, uint64_t frame_pointer, uint64_t *frames,
		     size_t max)
{
	uint64_t record[2], floor = sp; /* the caller's frame pointer, and where it goes on */
	size_t nr = 0;

	if (ip && max)
		frames[nr++] = ip;
	while (nr < max && frame_pointer >= floor && frame_pointer - sp < STACK_BYTES &&
	       !(frame_pointer % sizeof(record[0])) &&
	       memory_read(pid, frame_pointer, record, sizeof(record)) && record[1]) {
		frames[nr++] = record[1];
		floor = frame_pointer + sizeof(record);
		frame_pointer = record[0];
	}
	return nr;
}

bool memory_epoll_has(pid_t pid, int epoll_fd, int fd)
{
	__freeing char *text = malloc(FDINFO_BYTES);
	char name[48], *line, *rest = text;
	int watched;

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	if (!text || fd < 0 || procfs_read(pid, name, text, FDINFO_BYTES) < 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "tfd: %d", &watched) == 1 && watched == fd)
			return true;
	return false;
}

bool memory_pollfds_have(pid_t pid, uint64_t addr, uint64_t nr, int fd)
{
	size_t nr_read = nr < POLLFDS_MAX ? nr : POLLFDS_MAX;
	__freeing struct pollfd *fds = calloc(nr_read + 1, sizeof(*fds));

	if (!fds || fd < 0 || !memory_read(pid, addr, fds, nr_read * sizeof(*fds)))
		return false;
	for (size_t i = 0; i < nr_read; i++)
		if (fds[i].fd == fd)
			return true;
	return false;
}

int memory_pollfds_first(pid_t pid, uint64_t addr, uint64_t nr)
{
	struct pollfd first;

	return nr && memory_read(pid, addr, &first, sizeof(first)) ? first.fd : -1;
}

int memory_select_first(pid_t pid, const unsigned long long args[4])
{
	size_t nfds = args[0] < SELECT_FDS_MAX ? args[0] : SELECT_FDS_MAX;
	size_t words = (nfds + 63) / 64;
	uint64_t bits[SELECT_FDS_MAX / 64];

	for (int set = 1; set <= 3; set++) {
		if (!args[set] || !memory_read(pid, args[set], bits, words * sizeof(bits[0])))
			continue;
		for (size_t i = 0; i < words; i++)
			if (bits[i])
				return (int)(i * 64) + __builtin_ctzll(bits[i]);
	}
	return -1;
}
