// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proxy.c
 * A helper thread that owns no loop, but waits for the main thread, as Electron's embed thread:
 * it polls the main loop's epoll instance, tells the main thread by an eventfd, and waits on a
 * semaphore until that has taken the events. The main thread sleeps 300 ms in work() each 0.7 s.
 * Right: one stall, sleep, in work, at the main thread; none at the helper.
 */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "truth.h"

static int inner, told;
static sem_t taken;

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static void *helper(void *unused)
{
	for (;;) {
		struct epoll_event event;
		long long one = 1;

		epoll_wait(inner, &event, 1, -1);
		if (write(told, &one, sizeof(one)) < 0)
			break;
		sem_wait(&taken);
	}
	return unused;
}

int main(void)
{
	struct itimerspec often = { { 0, 20 * MS }, { 0, 20 * MS } };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), main_epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	long long next = now() + 700 * MS;
	pthread_t thread;

	inner = epoll_create1(0);
	told = eventfd(0, 0);
	sem_init(&taken, 0, 0);
	timerfd_settime(timer, 0, &often, NULL);
	epoll_ctl(inner, EPOLL_CTL_ADD, timer, &event);
	epoll_ctl(main_epoll, EPOLL_CTL_ADD, told, &event);
	pthread_create(&thread, NULL, helper, NULL);
	for (;;) {
		long long count;

		epoll_wait(main_epoll, &event, 1, -1);
		if (read(told, &count, sizeof(count)) < 0 || epoll_wait(inner, &event, 1, 0) < 0)
			break;
		if (read(timer, &count, sizeof(count)) < 0)
			break;
		if (now() >= next) {
			work();
			next = now() + 700 * MS;
		}
		sem_post(&taken);
	}
}
