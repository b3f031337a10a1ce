// SPDX-License-Identifier: GPL-2.0-or-later
/* poll_sets.c - how poll and select are given their descriptors. */
#include "capture/poll_sets.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"

#define POLLFDS_MAX    1024
#define SELECT_FDS_MAX 1024 /* FD_SETSIZE */
#define SETS	       3 /* readable, writable, exceptional */

bool poll_has(const struct memory *memory, const unsigned long long args[2], int fd)
{
	size_t nr = args[1] < POLLFDS_MAX ? args[1] : POLLFDS_MAX;
	__freeing struct pollfd *fds = calloc(nr + 1, sizeof(*fds));

	if (!fds || fd < 0 || memory_read(memory, args[0], fds, nr * sizeof(*fds)))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (fds[i].fd == fd)
			return true;
	return false;
}

size_t poll_list(const struct memory *memory, const unsigned long long args[2], int *fds,
		 size_t max)
{
	struct pollfd polled;
	size_t nr = 0;

	for (; nr < max && nr < args[1]; nr++) {
		if (memory_read(memory, args[0] + nr * sizeof(polled), &polled, sizeof(polled)))
			break;
		fds[nr] = polled.fd;
	}
	return nr;
}

int poll_first(const struct memory *memory, const unsigned long long args[2])
{
	struct pollfd first;

	return args[1] && !memory_read(memory, args[0], &first, sizeof(first)) ? first.fd : -1;
}

int select_first(const struct memory *memory, const unsigned long long args[4])
{
	size_t nfds = args[0] < SELECT_FDS_MAX ? args[0] : SELECT_FDS_MAX;
	size_t words = (nfds + 63) / 64;
	uint64_t bits[SETS][SELECT_FDS_MAX / 64];
	struct memory_piece sets[SETS];

	/* a set that is not given is at address 0, where nothing can be read */
	for (int i = 0; i < SETS; i++)
		sets[i] = (struct memory_piece){ args[1 + i], bits[i], words * sizeof(bits[i][0]),
						 0 };
	memory_read_pieces(memory, sets, SETS);
	for (int i = 0; i < SETS; i++)
		for (size_t at = 0; at < words && !sets[i].error; at++)
			if (bits[i][at])
				return (int)(at * 64) + __builtin_ctzll(bits[i][at]);
	return -1;
}
