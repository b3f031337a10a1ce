// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asks_loop.c
 * Two threads with an epoll loop each. Each 0.7 s a callback of the main one asks the other for
 * what takes that 300 ms of a timer, and waits on a condition for it: ask(). The other one is
 * idle meanwhile, no callback of it is long.
 * Right: one stall, lock, in ask, at the main thread, which the other woke; none there.
 */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "truth.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int answer_timer, has_answer;

static int add_timer(int epoll, long ms, int is_periodic)
{
	const struct timespec time = { ms / 1000, ms % 1000 * MS };
	const struct itimerspec spec = { is_periodic ? time : (struct timespec){ 0 }, time };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = timer };

	timerfd_settime(timer, 0, &spec, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	return timer;
}

static void serve(int epoll, void (*callback)(int timer))
{
	for (;;) {
		struct epoll_event event;
		long long count;

		if (epoll_wait(epoll, &event, 1, -1) == 1 &&
		    read(event.data.fd, &count, sizeof(count)) == sizeof(count))
			callback(event.data.fd);
	}
}

static void answer(int timer)
{
	if (timer != answer_timer)
		return;
	pthread_mutex_lock(&lock);
	has_answer = 1;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&lock);
}

static void *other_loop(void *epoll)
{
	serve(*(int *)epoll, answer);
	return NULL;
}

static void __attribute__((noinline)) ask(void)
{
	const struct itimerspec soon = { .it_value = { 0, 300 * MS } };

	has_answer = 0;
	timerfd_settime(answer_timer, 0, &soon, NULL);
	pthread_mutex_lock(&lock);
	while (!has_answer)
		pthread_cond_wait(&answered, &lock);
	pthread_mutex_unlock(&lock);
}

static void tick(int timer)
{
	static long long next;
	long long start = now();

	(void)timer;
	if (!next)
		next = start + 700 * MS;
	if (start < next)
		return;
	ask();
	truth("ask", start);
	next = now() + 700 * MS;
}

int main(void)
{
	int own = epoll_create1(0), other = epoll_create1(0);
	pthread_t thread;

	add_timer(own, 20, 1);
	add_timer(other, 20, 1);
	answer_timer = add_timer(other, 5000, 0);
	pthread_create(&thread, NULL, other_loop, &other);
	serve(own, tick);
}
