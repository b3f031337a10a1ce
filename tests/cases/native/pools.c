// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pools.c leader|held|shared|pipe THREADS
 * leader: a leader/follower pool: the leader waits for the one epoll instance under a mutex, and
 *   hands the mutex on before it handles its event, 30 to 300 ms of sleep. Others serve: no stall.
 * held: the same, but each 0.6 s a handler sleeps 300 ms before it hands the mutex on: nobody
 *   serves. A stall: sleep, in handle.
 * shared: all threads wait for one instance at once, whoever gets the event sleeps 200 ms. No stall.
 * pipe: workers that wait with poll() for jobs at one pipe, each job sleeps 150 ms: a pool of
 *   workers, no loop. No stall (one in doubt may be told).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "truth.h"

static const char *mode;
static pthread_mutex_t leader = PTHREAD_MUTEX_INITIALIZER;
static int epoll, ends[2];

static void __attribute__((noinline)) handle(long ms)
{
	nap(ms);
}

static int take_event(void)
{
	struct epoll_event event;
	char job = 0;

	if (epoll_wait(epoll, &event, 1, -1) == 1 && read(ends[0], &job, 1) == 1)
		return job;
	return 0;
}

static void *follower(void *unused)
{
	for (;;) {
		long long start;
		int job;

		pthread_mutex_lock(&leader);
		job = take_event();
		start = now();
		if (job == 'H') {
			handle(300);
			truth("sleep", start);
			job = 0;
		}
		pthread_mutex_unlock(&leader);
		if (job == 'L')
			handle(300);
		else if (job)
			handle(30);
	}
	return unused;
}

static void *sharer(void *unused)
{
	for (;;)
		if (take_event() == 'L')
			handle(200);
	return unused;
}

static void *worker(void *unused)
{
	struct pollfd polled = { .fd = ends[0], .events = POLLIN };
	char job;

	for (;;)
		if (poll(&polled, 1, -1) == 1 && read(ends[0], &job, 1) == 1)
			handle(150);
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 8;
	struct epoll_event event = { .events = EPOLLIN };
	pthread_attr_t small;

	mode = argc > 1 ? argv[1] : "leader";
	if (pipe2(ends, O_NONBLOCK))
		return 1;
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		pthread_create(&thread, &small,
			       mode[0] == 's'	? sharer
			       : mode[0] == 'p' ? worker
						: follower,
			       NULL);
	}
	for (int i = 1;; i++) {
		/* held: one that keeps the mutex, and until then ordinary ones */
		char job = mode[0] == 'h' ? (i % 30 ? 'S' : 'H') : i % 10 ? 'S' : 'L';

		if (write(ends[1], &job, 1) != 1)
			return 1;
		nap(20);
	}
}
