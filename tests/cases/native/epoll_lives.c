// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epoll_lives.c KIND: one thread that serves epoll instances in unusual ways, ticks of 20 ms.
 * What blocks is work(), 300 ms of sleep each 0.7 s; right: sleep, in work, unless said otherwise.
 * dup: dup()s its descriptor anew each turn, waits for the old or the new one, closes the older.
 * reopen: closes and makes its instance anew each second (as after a fork); blocks 500 ms later.
 * each_turn: makes an instance, waits once, closes it, all the time: a caller, no loop. It sleeps
 *   between two calls. No stall.
 * calls: as each_turn, but with 300 ms of work between, of two kinds. No stall.
 * embed: waits with poll() for the instance, then takes the events with a time-out of 0, as who
 *   embeds libuv does.
 * inside: waits for an outer instance that contains the one with the events, and takes them from
 *   that with a time-out of 0.
 * modal: waits for its instance; for 400 ms in each 0.7 s waits for an outer instance that
 *   contains it and handles what comes: it is served meanwhile. No stall.
 * second: in each turn after 0.7 s waits 300 ms for an instance of another purpose, in sync_call():
 *   a stall: poll (or socket), in sync_call.
 * thousand: a thousand instances, served one after the other in each turn, 20 us each, by a thread
 *   of its own; beside it the loop that blocks.
 * closed: a thread whose loop closes its instance after a block, and ends; another follows.
 *   Right: sleep, in work; nothing after it.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "truth.h"

static const char *kind;
static int ends[2];

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static int instance(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	return epoll;
}

static void wait_tick(int epoll, int ms)
{
	struct epoll_event event;

	epoll_wait(epoll, &event, 1, ms);
}

static int is(const char *word)
{
	return !strcmp(kind, word);
}

static void __attribute__((noinline)) sync_call(void)
{
	int fds[2], own;
	long long start = now();

	if (pipe(fds))
		return;
	own = instance(fds[0]);
	wait_tick(own, 300);
	close(own);
	close(fds[0]);
	close(fds[1]);
	truth("second", start);
}

static void *serve_thousand(void *unused)
{
	static int epolls[1000];

	for (int i = 0; i < 1000; i++)
		epolls[i] = instance(ends[0]);
	for (;;) {
		for (int i = 0; i < 1000; i++)
			wait_tick(epolls[i], 0);
		wait_tick(epolls[0], 20);
	}
	return unused;
}

static void *short_life(void *unused)
{
	int epoll = instance(ends[0]);

	for (int i = 0; i < 25; i++)
		wait_tick(epoll, 20);
	work();
	close(epoll);
	nap(200);
	return unused;
}

static void loop(void)
{
	int epoll = instance(ends[0]), outer = instance(epoll), other = -1;
	long long next = now() + 700 * MS, anew = now() + 1000 * MS, last = 0;

	for (;;) {
		struct pollfd polled = { .fd = epoll, .events = POLLIN };

		if (is("dup")) {
			int copy = dup(epoll);

			wait_tick(copy, 20);
			close(epoll);
			epoll = copy;
		} else if (is("embed")) {
			poll(&polled, 1, 20);
			wait_tick(epoll, 0);
		} else if (is("inside")) {
			wait_tick(outer, 20);
			wait_tick(epoll, 0);
		} else if (is("each_turn") || is("calls")) {
			other = instance(ends[0]);
			wait_tick(other, 20);
			close(other);
		} else {
			wait_tick(epoll, 20);
		}
		if (is("modal"))
			pulse(&last, 20);
		if (is("reopen") && now() > anew) {
			close(epoll);
			epoll = instance(ends[0]);
			anew = now() + 1200 * MS;
			next = now() + 500 * MS;
		}
		if (is("each_turn") || is("calls"))
			nap(is("calls") ? 300 : 130);
		if (now() < next || is("each_turn") || is("calls"))
			continue;
		if (is("modal")) {
			for (long long end = now() + 400 * MS; now() < end; pulse(&last, 20))
				wait_tick(outer, 20);
		} else if (is("second")) {
			sync_call();
		} else {
			work();
		}
		next = now() + (is("reopen") ? 2000 : 700) * MS;
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;

	kind = argc > 1 ? argv[1] : "dup";
	if (pipe(ends))
		return 1;
	while (is("closed")) {
		pthread_create(&thread, NULL, short_life, NULL);
		pthread_join(thread, NULL);
	}
	if (is("thousand"))
		pthread_create(&thread, NULL, serve_thousand, NULL);
	loop();
}
