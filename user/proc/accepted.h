/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accepted.h - connections that a process has accepted and does not wait for together with its listening sockets. */
#ifndef BLOCKPROF_PROC_ACCEPTED_H
#define BLOCKPROF_PROC_ACCEPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct memory;

/* Of a descriptor of the process: does it wait for it? */
typedef bool accepted_waits_fn(void *context, int fd);

struct accepted_asks {
	accepted_waits_fn *waits; /* where its loop waits */
	accepted_waits_fn *waits_now; /* in the call that it blocks in, which is another one */
	void *context;
};

/* Listening sockets for which a process waits, and the connections that came of them. All false: it cannot be seen. */
struct accepted {
	bool only_listens; /* it waits for such, and for no other socket; of more than are looked at it does */
	bool kept; /* it waits for a connection, too, together with the listening socket */
	/* It has one for which it does not wait, and which holds it up: it blocks, or is waited for by itself. */
	bool apart;
	bool unready; /* one for which it does not wait, or does not wait yet: it does not block */
};

void accepted_look(const struct memory *target, const struct accepted_asks *asks,
		   struct accepted *accepted);

#endif
