// SPDX-License-Identifier: GPL-2.0-or-later
/* object.c - which sockets lead to a resolver. */
#include "capture/object.h"

#include <string.h>
#include <sys/socket.h>

#define DNS_PORT 53

bool object_is_inet(const struct bp_socket *socket)
{
	return socket->family == AF_INET || socket->family == AF_INET6;
}

/* nscd and systemd-resolved answer names over a unix socket (nscd/nscd-client.h, nss-resolve). */
bool object_is_resolver(const struct bp_object *object)
{
	static const char *const paths[] = { "/run/nscd/socket", "/var/run/nscd/socket",
					     "/run/systemd/resolve/io.systemd.Resolve" };

	if (object->kind != BP_OBJECT_SOCKET)
		return false;
	if (object_is_inet(&object->socket))
		return object->socket.peer_port == DNS_PORT;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (object->socket.family == AF_UNIX &&
		    !strncmp(object->path, paths[i], object->path_bytes))
			return object->path_bytes >= strlen(paths[i]);
	return false;
}
