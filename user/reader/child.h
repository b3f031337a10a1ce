/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - the process that reads targets' memory for blockprof, from its start to its end. */
#ifndef BLOCKPROF_READER_CHILD_H
#define BLOCKPROF_READER_CHILD_H

#include <sys/types.h>

/*
 * To be called in a fresh child of parent: keeps no right but that to read the memory
 * and the files of others, and answers what stands on the board in that file. What it
 * opens it sends to files_fd. Does not return.
 */
void reader_main(int board_fd, int files_fd, pid_t parent) __attribute__((noreturn));

#endif
