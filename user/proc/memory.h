/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h - a blocked thread's memory, and what of it says where the thread is and what it waits for. */
#ifndef BLOCKPROF_PROC_MEMORY_H
#define BLOCKPROF_PROC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All of it or nothing. */
bool memory_read(pid_t pid, uint64_t addr, void *buf, size_t size);
/* A string of at most size - 1 bytes, ended by a NUL. */
bool memory_read_string(pid_t pid, uint64_t addr, char *buf, size_t size);

/*
 * Return addresses by frame pointers, innermost first, from ip on. Programs
 * that keep none give what looks like frames: whoever names them checks.
 * Returns how many.
 */
size_t memory_frames(pid_t pid, uint64_t ip, uint64_t sp, uint64_t frame_pointer, uint64_t *frames,
		     size_t max);

/* Is fd among the descriptors that an epoll instance of this process watches? */
bool memory_epoll_has(pid_t pid, int epoll_fd, int fd);
/* Is fd in an array of so many struct pollfd? */
bool memory_pollfds_have(pid_t pid, uint64_t addr, uint64_t nr, int fd);
/* The first descriptor of the array, or of the sets of a select (nfds and three addresses); -1: none. */
int memory_pollfds_first(pid_t pid, uint64_t addr, uint64_t nr);
int memory_select_first(pid_t pid, const unsigned long long args[4]);

#endif
