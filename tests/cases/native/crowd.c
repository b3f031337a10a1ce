// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd.c slots COUNT | forks
 * A loop that sleeps 300 ms in work() each 0.7 s, ticks of 20 ms, beside
 * slots: a child with so many threads that each have a loop of their own (ticks of 200 ms), begun
 *   before it: it must not take what others need.
 * forks: nothing; but it forks in each turn. The child sleeps 300 ms and ends.
 * Right: sleep, in work; nothing of the children.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "truth.h"

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static void *tick(void *unused)
{
	int epoll = epoll_create1(0);
	struct epoll_event event;

	for (;;)
		epoll_wait(epoll, &event, 1, 200);
	return unused;
}

static void start_threads(int count)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 32768);
	while (count--)
		pthread_create(&thread, &small, tick, NULL);
}

int main(int argc, char **argv)
{
	int forks = argc > 1 && argv[1][0] == 'f', epoll = epoll_create1(0);
	struct epoll_event event;
	long long next;

	signal(SIGCHLD, SIG_IGN);
	if (!forks && !fork()) {
		start_threads(atoi(argv[2]));
		for (;;)
			pause();
	}
	next = now() + 700 * MS;
	for (;;) {
		epoll_wait(epoll, &event, 1, 20);
		if (forks && !fork()) {
			nap(300);
			_exit(0);
		}
		if (now() < next)
			continue;
		work();
		next = now() + 700 * MS;
	}
}
