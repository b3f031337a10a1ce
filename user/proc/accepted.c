// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * accepted.c - which sockets of a process listen and which came of those: asked of each
 * by a descriptor of one's own, as the tables of a network namespace take milliseconds.
 */
#include "proc/accepted.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "proc/procfs.h"

#define DESCRIPTORS_MAX 512 /* of the process */
#define SOCKETS_MAX	128 /* likewise */

enum state { OTHER, LISTENS, CONNECTED };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

struct socket {
	bool waited_for;
	bool holds_up;
	enum state state;
	union address local; /* of one that listens, and of what came of it */
};

static void read_socket(int fd, struct socket *socket)
{
	socklen_t bytes = sizeof(socket->local), size = sizeof(int);
	union address peer;
	int listens = 0;

	memset(&socket->local, 0, sizeof(socket->local));
	if (getsockname(fd, &socket->local.any, &bytes) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size))
		return;
	bytes = sizeof(peer);
	if (listens)
		socket->state = LISTENS;
	else if (!getpeername(fd, &peer.any, &bytes))
		socket->state = CONNECTED;
}

static bool is_socket(pid_t pid, int fd)
{
	char name[32];
	char *link __freeing = NULL;

	snprintf(name, sizeof(name), "fd/%d", fd);
	link = procfs_link(pid, name);
	return link && starts_with(link, "socket:");
}

static bool blocks(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

static size_t read_sockets(const struct memory *target, const struct accepted_asks *asks,
			   struct socket sockets[SOCKETS_MAX])
{
	DIR *dir __closing_dir = procfs_opendir(target->pid, "fd");
	int process __closing = files_lock_is_free(target) ? pidfd_open(target->pid, 0) : -1, fd;
	size_t nr = 0;

	for (int i = 0; dir && process >= 0 && i < DESCRIPTORS_MAX && nr < SOCKETS_MAX &&
			(fd = procfs_next_number(dir)) >= 0;
	     i++) {
		int own __closing = is_socket(target->pid, fd) ? pidfd_getfd(process, fd, 0) : -1;

		if (own < 0)
			continue;
		sockets[nr] = (struct socket){
			.waited_for = asks->waits(asks->context, fd),
			.holds_up = blocks(own) || asks->waits_now(asks->context, fd),
		};
		read_socket(own, &sockets[nr++]);
	}
	return nr;
}

static bool is_same(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	switch (a->any.sa_family) {
	case AF_INET:
		return a->v4.sin_port == b->v4.sin_port;
	case AF_INET6:
		return a->v6.sin6_port == b->v6.sin6_port;
	case AF_UNIX:
		return !memcmp(a->local.sun_path, b->local.sun_path, sizeof(a->local.sun_path));
	}
	return false;
}

static bool came_of_a_waited(const struct socket *connection, const struct socket *sockets,
			     size_t nr)
{
	for (size_t i = 0; connection->state == CONNECTED && i < nr; i++)
		if (sockets[i].state == LISTENS && sockets[i].waited_for &&
		    is_same(&sockets[i].local, &connection->local))
			return true;
	return false;
}

void accepted_look(const struct memory *target, const struct accepted_asks *asks,
		   struct accepted *accepted)
{
	struct socket *sockets __freeing = calloc(SOCKETS_MAX, sizeof(*sockets));
	size_t nr = sockets ? read_sockets(target, asks, sockets) : 0;
	bool listens = false, others = nr == SOCKETS_MAX;

	*accepted = (struct accepted){ 0 };
	for (size_t i = 0; i < nr; i++) {
		const struct socket *socket = &sockets[i];

		listens |= socket->waited_for && socket->state == LISTENS;
		others |= socket->waited_for && socket->state != LISTENS;
		if (!came_of_a_waited(socket, sockets, nr))
			continue;
		accepted->kept |= socket->waited_for;
		accepted->apart |= !socket->waited_for && socket->holds_up;
		accepted->unready |= !socket->waited_for && !socket->holds_up;
	}
	accepted->only_listens = listens && !others;
}
