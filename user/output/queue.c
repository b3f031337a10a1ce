// SPDX-License-Identifier: GPL-2.0-or-later
/* queue.c - how much is kept for a reader that takes nothing. */
#include "output/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Hours of text, or sixteen of the longest lines of a recording. */
#define QUEUE_MAX_BYTES (16u << 20)
#define ROOM_LEAST	(64u << 10)
/*
 * A pipe is ready to be written to when it has room for PIPE_BUF (pipe(7)), a terminal
 * when it has room for WAKEUP_CHARS (drivers/tty/n_tty.c), a socket when a third of its
 * buffer is free.
 */
#define PIPE_AT_ONCE	 4096
#define TERMINAL_AT_ONCE 256

void queue_free(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){ 0 };
}

/* Moves what is there to the front, and grows where that is not enough. */
static int make_room(struct queue *queue, size_t nr)
{
	size_t left = queue->used - queue->from, room = queue->room ? queue->room : ROOM_LEAST;
	unsigned char *grown;

	if (nr > QUEUE_MAX_BYTES - left)
		return -ENOBUFS;
	if (queue->from) {
		memmove(queue->bytes, queue->bytes + queue->from, left);
		queue->from = 0;
		queue->used = left;
	}
	while (room < left + nr)
		room *= 2;
	if (room == queue->room)
		return 0;
	grown = realloc(queue->bytes, room);
	if (!grown)
		return -ENOMEM;
	queue->bytes = grown;
	queue->room = room;
	return 0;
}

int queue_add(struct queue *queue, const void *bytes, size_t nr)
{
	int err = nr > queue->room - queue->used ? make_room(queue, nr) : 0;

	if (err || !nr)
		return err;
	memcpy(queue->bytes + queue->used, bytes, nr);
	queue->used += nr;
	return 0;
}

size_t queue_first(const struct queue *queue, size_t nr, const unsigned char **bytes)
{
	size_t left = queue->used - queue->from;

	*bytes = queue->bytes + queue->from;
	return left < nr ? left : nr;
}

void queue_take(struct queue *queue, size_t nr)
{
	queue->from += nr;
	if (!queue_is_empty(queue))
		return;
	/* what a reader that slept made it grow to is given back */
	if (queue->room > ROOM_LEAST)
		queue_free(queue);
	queue->from = queue->used = 0;
}

size_t queue_at_once(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return PIPE_AT_ONCE;
	return isatty(fd) ? TERMINAL_AT_ONCE : 0;
}
