/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - blockprof's side: starts the symbolizer, asks it, and starts
 * another, not too often, when a file was too much for it.
 */
#ifndef BLOCKPROF_CLIENT_H
#define BLOCKPROF_CLIENT_H

#include <stdint.h>

#include "symbol/protocol.h"

struct client;

/*
 * 0 or -ENOMEM. The child is started at once: it lives as long as the thread
 * that calls this, and inherits what memory there is.
 */
int client_new(struct client **out);
void client_free(struct client *client); /* ends the child */

/*
 * Asks and waits for the answer, for a limited time. fd goes along, and stays
 * the caller's; -1: none. 0: *answer is well formed, its text ends with a NUL;
 * else
 *   -ENOTCONN      there is no child now, or it went away before it got this
 *   -ECANCELED     the child was killed from outside (or for lack of memory)
 *   -EPIPE, -ETIMEDOUT, -EPROTO  it died of this, did not answer, or did not make sense
 */
int client_ask(struct client *client, struct request *request, int fd, struct answer *answer);

/* Another number for each child: what one was sent the next does not have. */
uint64_t client_generation(const struct client *client);
uint64_t client_restarts(const struct client *client);

#endif
