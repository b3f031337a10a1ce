// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loops of no library, each at its wait all the time: plain_loops [BLOCK_MS]
 * One thread each for epoll, poll and select; with an argument each blocks once, after a while.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS	     20
#define WAITS_BEFORE 100

static int pipe_fds[2];
static int block_ms;

__attribute__((noinline)) void block(void)
{
	struct timespec time = { block_ms / 1000, block_ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static void count(int *waits)
{
	if (++*waits == WAITS_BEFORE && block_ms)
		block();
}

static void *by_epoll(void *unused)
{
	int epoll = epoll_create1(0), waits = 0;
	struct epoll_event event = { .events = EPOLLIN };

	epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_fds[0], &event);
	for (;; count(&waits))
		epoll_wait(epoll, &event, 1, WAIT_MS);
	return unused;
}

static void *by_poll(void *unused)
{
	struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };
	int waits = 0;

	for (;; count(&waits))
		poll(&fd, 1, WAIT_MS);
	return unused;
}

static void *by_select(void *unused)
{
	int waits = 0;

	for (;; count(&waits)) {
		struct timeval timeout = { .tv_usec = WAIT_MS * 1000 };
		fd_set set;

		FD_ZERO(&set);
		FD_SET(pipe_fds[0], &set);
		select(pipe_fds[0] + 1, &set, NULL, NULL, &timeout);
	}
	return unused;
}

int main(int argc, char **argv)
{
	void *(*const loops[])(void *) = { by_epoll, by_poll, by_select };
	pthread_t thread;

	block_ms = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	if (pipe(pipe_fds))
		return 1;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, loops[i], NULL);
	puts("READY");
	fflush(stdout);
	return getchar() == EOF ? 0 : 1;
}
