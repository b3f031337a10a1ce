// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * own_loop.c KIND FIRST_MS GAP_MS TICK_MS [listen]
 * A loop of its own, without a library. KIND: epoll, pwait, pwait2, poll, ppoll, select,
 * pselect. It waits for a pipe (and, with "listen", for a listening socket) with a time-out of
 * TICK_MS; FIRST_MS after the start, and each GAP_MS from then on, do_work() sleeps 300 ms.
 * Right: sleep, 300 ms, do_work. With ticks of 1 s it returns only once a second: the third
 * return makes it a loop.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <unistd.h>

#include "truth.h"

static int fds[2]; /* the pipe's end to read, and the listener or -1 */
static int epoll;

static void __attribute__((noinline)) do_work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static void wait_for_events(const char *kind, long tick_ms)
{
	struct timespec time = { tick_ms / 1000, tick_ms % 1000 * MS };
	struct pollfd polled[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
	struct epoll_event event;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	if (fds[1] >= 0)
		FD_SET(fds[1], &set);
	if (!strcmp(kind, "epoll")) {
		epoll_wait(epoll, &event, 1, tick_ms);
	} else if (!strcmp(kind, "pwait")) {
		epoll_pwait(epoll, &event, 1, tick_ms, NULL);
	} else if (!strcmp(kind, "pwait2")) {
		syscall(SYS_epoll_pwait2, epoll, &event, 1, &time, NULL, 0);
	} else if (!strcmp(kind, "poll")) {
		poll(polled, 2, tick_ms);
	} else if (!strcmp(kind, "ppoll")) {
		ppoll(polled, 2, &time, NULL);
	} else if (!strcmp(kind, "pselect")) {
		pselect(fds[1] + fds[0] + 1, &set, NULL, NULL, &time, NULL);
	} else {
		struct timeval limit = { tick_ms / 1000, tick_ms % 1000 * 1000 };

		select(fds[1] + fds[0] + 1, &set, NULL, NULL, &limit);
	}
}

int main(int argc, char **argv)
{
	long first = atol(argv[2]), gap = atol(argv[3]), tick = atol(argv[4]);
	struct epoll_event event = { .events = EPOLLIN };
	long long next = now() + first * MS;
	int ends[2];

	if (pipe(ends))
		return 1;
	fds[0] = ends[0];
	fds[1] = argc > 5 ? socket(AF_INET, SOCK_STREAM, 0) : -1;
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event);
	if (fds[1] >= 0) {
		listen(fds[1], 5);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[1], &event);
	}
	for (;;) {
		wait_for_events(argv[1], tick);
		if (now() < next)
			continue;
		do_work();
		next += gap * MS;
	}
}
