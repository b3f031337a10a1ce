/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.h - bytes for a pipe, socket or terminal whose reader has not taken them yet. */
#ifndef BLOCKPROF_OUTPUT_QUEUE_H
#define BLOCKPROF_OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue {
	unsigned char *bytes;
	size_t from, used, room; /* those not taken are bytes[from] to bytes[used] */
};

void queue_free(struct queue *queue);
static inline bool queue_is_empty(const struct queue *queue)
{
	return queue->from == queue->used;
}

/* 0; -ENOBUFS: the reader takes too little; -ENOMEM. */
int queue_add(struct queue *queue, const void *bytes, size_t nr);
/* The first of them, at most nr: *bytes. How many. */
size_t queue_first(const struct queue *queue, size_t nr, const unsigned char **bytes);
/* So many of the first have been taken. */
void queue_take(struct queue *queue, size_t nr);

/* So many bytes are written to fd without waiting when poll(2) says that it is ready; 0: any, always (a file). */
size_t queue_at_once(int fd);

#endif
