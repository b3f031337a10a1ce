/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - how a question of any kind is put to a reader. */
#ifndef BLOCKPROF_READER_PRIVATE_H
#define BLOCKPROF_READER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct board;
struct file_calls;
struct readers;

/* Where a question about this process is to be written; NULL: it is not asked about now. */
struct board *readers_board(struct readers *readers, pid_t pid, bool of_files);
/* Asks what stands there. 0: the answer does; -ETIMEDOUT: none came in time. */
int readers_ask(struct readers *readers, pid_t pid, struct board *board);

/* Is it left alone for its files, and not for its memory? */
bool readers_hung_in_files(struct readers *readers, pid_t pid);
/* Under which a file is sent; never used again. */
uint64_t readers_next_ticket(struct readers *readers);
/* How often one that had died was started again. */
uint64_t readers_restarts(const struct readers *readers);

/* -- files.c -- */

void readers_file_calls(struct file_calls *calls, struct readers *readers,
			const int *receivers); /* FILES_RECEIVERS */
/* Who gets those that are opened from now on. */
void readers_send_to(void *readers, unsigned int receiver);
unsigned int readers_receiver(const struct readers *readers);

#endif
