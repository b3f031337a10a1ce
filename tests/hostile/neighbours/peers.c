// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peers.c SOCKETS
 * A server with so many connections to itself, TCP and unix ones by turns, and loops that each wait in turn for an
 * answer on one of them, another each time.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "neighbour.h"

#define LOOPS	20
#define WAIT_US 130000

static int *sockets, sockets_nr;

static void *ask(void *first)
{
	int epoll = epoll_create1(0);
	long at = (long)first;

	for (;; at += LOOPS) {
		char byte;

		tick(epoll, 5, 5);
		if (recv(sockets[at % sockets_nr], &byte, 1, 0) == 0)
			return NULL;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { 0, WAIT_US };
	int listener = socket(AF_INET, SOCK_STREAM, 0), most = argc > 1 ? atoi(argv[1]) : 1000;
	socklen_t bytes = sizeof(address);
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	sockets = calloc(most, sizeof(*sockets));
	if (bind(listener, (struct sockaddr *)&address, bytes) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &bytes))
		return 1;
	for (; sockets_nr < most; sockets_nr++) {
		int ends[2] = { -1, -1 };

		if (sockets_nr % 2) {
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
				break;
		} else {
			ends[0] = socket(AF_INET, SOCK_STREAM, 0);
			if (connect(ends[0], (struct sockaddr *)&address, bytes) ||
			    accept(listener, NULL, NULL) < 0)
				break;
		}
		setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		sockets[sockets_nr] = ends[0];
	}
	for (long nr = 0; nr < LOOPS && sockets_nr; nr++)
		start_thread(ask, (void *)nr);
	for (;;)
		pause();
}
