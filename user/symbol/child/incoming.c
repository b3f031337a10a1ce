// SPDX-License-Identifier: GPL-2.0-or-later
/* incoming.c - for how long a file that has come may be asked for: until eight others have. */
#include "symbol/child/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/pass.h"

void incoming_start(struct incoming *incoming, int socket)
{
	*incoming = (struct incoming){ .socket = socket };
}

void incoming_take(struct incoming *incoming)
{
	struct file_arrival arrival;
	int err = incoming->socket < 0 ? -ENOTCONN : 0, fd;

	while (!err || err == -EBADMSG) {
		size_t at = incoming->nr % INCOMING_KEPT;

		err = pass_receive(incoming->socket, false, &arrival, sizeof(arrival), &fd, 1);
		if (err)
			continue;
		if (incoming->v[at].ticket)
			close(incoming->v[at].fd);
		incoming->v[at].ticket = arrival.ticket;
		incoming->v[at].fd = fd;
		incoming->nr++;
	}
}

int incoming_file(const struct incoming *incoming, uint64_t ticket)
{
	for (size_t i = 0; i < INCOMING_KEPT; i++)
		if (incoming->v[i].ticket == ticket)
			return fcntl(incoming->v[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

void incoming_drop(struct incoming *incoming)
{
	for (size_t i = 0; i < INCOMING_KEPT; i++) {
		if (incoming->v[i].ticket)
			close(incoming->v[i].fd);
		incoming->v[i].ticket = 0;
	}
}
