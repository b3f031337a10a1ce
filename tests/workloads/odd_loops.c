// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that look like loops: odd_loops many|passed|closed
 *
 * many    waits in each of 10,000 epoll instances in turn, then blocks
 * passed  one thread waits in an epoll instance, then another does, in the same one
 * closed  waits in an epoll instance, closes it and does something else
 *
 * "DONE" when it has; stays until its standard input ends.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MANY	10000
#define WAITS	100
#define WAIT_MS 5

static int epoll_fd;
static pthread_barrier_t passed;

static void rest(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static void wait_in(int fd, int times)
{
	struct epoll_event event;

	while (times--)
		epoll_wait(fd, &event, 1, WAIT_MS);
}

static void many(void)
{
	struct rlimit limit = { MANY + 64, MANY + 64 };
	static int fds[MANY];

	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < MANY; i++) {
		struct epoll_event event;

		fds[i] = epoll_create1(0);
		if (fds[i] < 0)
			exit(1);
		/* those that cannot be waited for in the time there is are passed over */
		epoll_wait(fds[i], &event, 1, i % 16 ? 0 : 1);
	}
	rest(500);
}

static void *second(void *unused)
{
	pthread_barrier_wait(&passed);
	for (;;)
		wait_in(epoll_fd, WAITS);
	return unused;
}

static void pass(void)
{
	pthread_t thread;

	epoll_fd = epoll_create1(0);
	pthread_barrier_init(&passed, NULL, 2);
	pthread_create(&thread, NULL, second, NULL);
	wait_in(epoll_fd, WAITS);
	pthread_barrier_wait(&passed);
	rest(1000);
}

static void closed(void)
{
	epoll_fd = epoll_create1(0);
	wait_in(epoll_fd, WAITS);
	close(epoll_fd);
	rest(1000);
}

int main(int argc, char **argv)
{
	char byte;

	setlinebuf(stdout);
	/* what a terminal would take for colours, and a profile for two frames */
	prctl(PR_SET_NAME, "\033[31mA;B\nC\t\xff");
	if (argc > 1 && !strcmp(argv[1], "many"))
		many();
	else if (argc > 1 && !strcmp(argv[1], "passed"))
		pass();
	else
		closed();
	puts("DONE");
	return read(0, &byte, 1) < 0;
}
