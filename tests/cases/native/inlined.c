// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inlined.c
 * An epoll loop with a tick of 20 ms, into whose function the compiler has put the callback ask():
 * each 0.5 s it asks a child by a socket and polls (or selects) for the answer, 100 ms at a time,
 * 280 ms in all.
 * Right: that is no second place where the loop waits: a stall each time, socket, for the child.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "truth.h"

static int ends[2], by_select;

static inline __attribute__((always_inline)) int selects(int fd)
{
	struct timeval time = { .tv_usec = 100000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &time);
}

static inline __attribute__((always_inline)) void ask(void)
{
	struct pollfd polled = { ends[0], POLLIN, 0 };
	char data = 'x';

	if (write(ends[0], &data, 1) != 1)
		exit(1);
	while (!(by_select ? selects(ends[0]) : poll(&polled, 1, 100)))
		;
	if (read(ends[0], &data, 1) != 1)
		exit(1);
}

static void answer(void)
{
	char data;

	while (read(ends[1], &data, 1) == 1) {
		nap(280);
		if (write(ends[1], &data, 1) != 1)
			break;
	}
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), idle[2];
	long long next = now() + 500 * MS;

	by_select = argc > 1 && !strcmp(argv[1], "select");
	if (pipe(idle) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 1;
	if (!fork()) {
		close(ends[0]);
		answer();
		_exit(0);
	}
	close(ends[1]);
	epoll_ctl(epoll, EPOLL_CTL_ADD, idle[0], &event);
	for (;;) {
		long long start;

		epoll_wait(epoll, &event, 1, 20);
		start = now();
		if (start < next)
			continue;
		ask();
		truth("ask", start);
		next = now() + 500 * MS;
	}
}
