// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefork.c accept|poll|epoll|nonblocking
 * Request workers: each of three children accepts a connection, handles it to its end (150 ms of
 * sleep, then its answer) and takes the next. accept: it blocks in accept; poll: it polls the
 * listener, without a time-out, before that; epoll: the same with an epoll instance that lives
 * on; nonblocking: as poll, and the connection is polled by itself, also for a further request
 * that never comes (as Apache does). A client of the parent asks all the time.
 * Right: no stall (a doubtful one may be told).
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "truth.h"

static void serve(int listener, char kind)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd polled = { .fd = listener, .events = POLLIN };
	int epoll = epoll_create1(0);
	char data[100];

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int peer;

		if (kind == 'p' || kind == 'n')
			poll(&polled, 1, -1);
		else if (kind == 'e')
			epoll_wait(epoll, &event, 1, -1);
		peer = accept4(listener, NULL, NULL, kind == 'n' ? SOCK_NONBLOCK : 0);
		if (peer < 0)
			continue;
		if (kind == 'n')
			poll(&(struct pollfd){ peer, POLLIN, 0 }, 1, 1000);
		if (read(peer, data, sizeof(data)) > 0) {
			nap(150);
			if (write(peer, "done", 4) != 4)
				perror("write");
		}
		if (kind == 'n')
			poll(&(struct pollfd){ peer, POLLIN, 0 }, 1, 130);
		close(peer);
	}
}

int main(int argc, char **argv)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc < 2 || bind(listener, (void *)&address, sizeof(address)) || listen(listener, 20))
		return 1;
	getsockname(listener, (void *)&address, &size);
	for (int i = 0; i < 3; i++)
		if (!fork())
			serve(listener, argv[1][0]);
	for (;;) {
		int peer = socket(AF_INET, SOCK_STREAM, 0);
		char data[100];

		if (connect(peer, (void *)&address, sizeof(address)))
			return 1;
		if (write(peer, "?", 1) == 1)
			while (read(peer, data, sizeof(data)) > 0)
				;
		close(peer);
		nap(20);
	}
}
