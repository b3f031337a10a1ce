/* SPDX-License-Identifier: GPL-2.0-or-later */
/* incoming.h - files that come from whoever has opened them, each with a ticket that requests name. */
#ifndef BLOCKPROF_SYMBOL_CHILD_INCOMING_H
#define BLOCKPROF_SYMBOL_CHILD_INCOMING_H

#include <stddef.h>
#include <stdint.h>

#define INCOMING_KEPT 8 /* a few questions are asked about a file when it is opened */

struct incoming {
	int socket; /* -1: nobody sends */
	struct {
		uint64_t ticket; /* 0: none */
		int fd;
	} v[INCOMING_KEPT];
	size_t nr; /* that have come */
};

void incoming_start(struct incoming *incoming, int socket);
/* Takes all that has come: the sender never waits for room. */
void incoming_take(struct incoming *incoming);
/* A descriptor of that file, the caller's; -1: it is not, or no longer, there. */
int incoming_file(const struct incoming *incoming, uint64_t ticket);
void incoming_drop(struct incoming *incoming);

#endif
