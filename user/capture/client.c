// SPDX-License-Identifier: GPL-2.0-or-later
/* client.c - how the kernel's clock of ticks says since when a client waits, and what names the client. */
#include "capture/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "capture/object.h"
#include "proc/peer/peer.h"

int64_t client_late_ns(unsigned int ticks, uint64_t ns)
{
	uint64_t tick_ns = clock_tick_ns(), late_ns = ticks * tick_ns;

	if (ticks == BP_TICKS_UNKNOWN || ticks > INT32_MAX)
		return -1;
	/* it came in the turn, or before it: not at its very beginning, as it seems by ticks */
	if (ticks && late_ns + tick_ns > ns && late_ns - tick_ns < ns)
		late_ns = (late_ns - tick_ns + ns) / 2;
	return (int64_t)late_ns;
}

void client_fill(const struct bp_client *from, uint64_t ns, struct impact_client *client)
{
	const struct bp_socket *socket = &from->socket;
	char *address __freeing = NULL;

	*client = (struct impact_client){
		.fd = from->fd,
		.late_ns = client_late_ns(from->ticks, ns),
	};
	if (from->kind == BP_OBJECT_SOCKET && object_is_inet(socket) && socket->peer_port)
		address = object_address(socket->family, socket->peer, socket->peer_port);
	if (address)
		snprintf(client->peer, sizeof(client->peer), "%s", address);
}

void client_find(const struct classify *with, pid_t pid, const struct bp_client *from,
		 struct impact_client *client)
{
	const struct bp_socket *socket = &from->socket;
	struct peer peer;
	int err = -1;

	if (from->kind == BP_OBJECT_PIPE)
		err = peers_pipe(with->peers, pid, from->ino, true, &peer);
	else if (socket->family == AF_UNIX)
		err = peers_unix(with->peers, pid, from->ino, &peer);
	else if (object_is_inet(socket) && socket->peer_port)
		err = peers_inet(with->peers, pid, socket, &peer);
	if (err)
		return;
	client->peer_pid = peer.pid;
	memcpy(client->peer_comm, peer.comm, sizeof(client->peer_comm));
}
