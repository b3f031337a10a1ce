/* SPDX-License-Identifier: GPL-2.0-or-later */
/* poll_sets.h - the descriptors that a thread waits for in a poll or select, from its memory. */
#ifndef BLOCKPROF_CAPTURE_POLL_SETS_H
#define BLOCKPROF_CAPTURE_POLL_SETS_H

#include <stdbool.h>
#include <stddef.h>

struct memory;

/* args: the system call's. */

/* Is fd in the array of a poll? */
bool poll_has(const struct memory *memory, const unsigned long long args[2], int fd);
/* The first descriptors of that array. How many were stored. */
size_t poll_list(const struct memory *memory, const unsigned long long args[2], int *fds,
		 size_t max);
/* The first descriptor of that array; -1: none. */
int poll_first(const struct memory *memory, const unsigned long long args[2]);
/* The lowest descriptor in the first set of a select that has any; -1: none. */
int select_first(const struct memory *memory, const unsigned long long args[4]);

#endif
