// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source_loops PATTERN: loops whose turns begin or end elsewhere than at one call. Talks as
 * asyncio_target.py does; a TURN is what is right for blockprof to report.
 *
 * cut     two threads serve one epoll instance: one leaves it last and sleeps; the other one,
 *         which was out as well, comes back before that ends
 * poll    a loop that polls two descriptors, and is served from further in, with one more, for
 * select  a while (no turn); then further in it polls something else
 * nested  a callback serves its epoll instance for a while from further in, then sleeps
 * busy    never sleeps in its wait; one callback sleeps
 */
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MS	   1000000ll
#define TICK_MS	   10
#define SERVED_MS  400
#define BLOCK_MS   300
#define FURTHER_IN 4096 /* bytes of stack */

static const char *pattern;
static int epoll, idle[2], other[2];

static bool is(const char *name)
{
	return !strcmp(pattern, name);
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void nap(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * MS };

	nanosleep(&time, NULL);
}

static void say_turn(long long start_ns, long long end_ns, long tid, long long outer_ns)
{
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"tid\": %ld, \"nested_ns\": %lld}\n",
	       start_ns, end_ns, tid, outer_ns ? end_ns - outer_ns : 0);
}

/* -- waits; one function each, so that the site is the same -- */

/* Whether there is input. */
static bool wait_epoll(int timeout_ms)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, timeout_ms) == 1;
}

/* extra: one more descriptor; -1: none. */
__attribute__((noinline)) static bool wait_poll(int extra)
{
	struct pollfd polled[] = { { idle[0], POLLIN, 0 }, { 0, POLLIN, 0 }, { extra, POLLIN, 0 } };

	if (is("poll"))
		return poll(polled, extra < 0 ? 2 : 3, TICK_MS) > 0 && polled[1].revents;

	struct timeval time = { 0, TICK_MS * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(0, &set);
	FD_SET(idle[0], &set);
	if (extra >= 0)
		FD_SET(extra, &set);
	return select(16, &set, NULL, NULL, &time) > 0 && FD_ISSET(0, &set);
}

/* Waits for what is not the loop's: nothing comes. */
__attribute__((noinline)) static void wait_other(void)
{
	struct pollfd polled = { other[0], POLLIN, 0 };
	struct timeval time = { 0, BLOCK_MS * 1000 };
	fd_set set;

	if (is("poll")) {
		poll(&polled, 1, BLOCK_MS);
		return;
	}
	FD_ZERO(&set);
	FD_SET(other[0], &set);
	select(16, &set, NULL, NULL, &time);
}

/* -- callbacks -- */

__attribute__((noinline)) static void further_in(void (*call)(long long), long long outer_ns)
{
	volatile char room[FURTHER_IN];

	room[0] = room[FURTHER_IN - 1] = 0;
	call(outer_ns);
	room[1] = room[0];
}

static void serve_polls(long long outer_ns)
{
	(void)outer_ns;
	for (long long end = now_ns() + SERVED_MS * MS; now_ns() < end;)
		wait_poll(other[0]);
}

static void poll_other(long long outer_ns)
{
	long long start_ns;

	/* its turn begins where the loop was served last */
	wait_poll(-1);
	start_ns = now_ns();
	wait_other();
	say_turn(start_ns, now_ns(), syscall(SYS_gettid), 0);
	(void)outer_ns;
}

static void serve_and_sleep(long long outer_ns)
{
	long long start_ns, end_ns = now_ns() + SERVED_MS * MS;

	do {
		wait_epoll(TICK_MS);
		start_ns = now_ns();
	} while (start_ns < end_ns);
	nap(BLOCK_MS);
	say_turn(start_ns, now_ns(), syscall(SYS_gettid), outer_ns);
}

static void act(void)
{
	char line[64];
	long long start_ns = now_ns();

	if (read(0, line, sizeof(line)) <= 0)
		exit(0);
	if (is("poll") || is("select")) {
		further_in(serve_polls, 0);
		further_in(poll_other, 0);
	} else if (is("nested")) {
		further_in(serve_and_sleep, start_ns);
	} else {
		nap(BLOCK_MS);
		say_turn(start_ns, now_ns(), syscall(SYS_gettid), 0);
	}
	puts("DONE");
}

/* -- two threads -- */

static pthread_barrier_t out;
static volatile long long left_ns, back_ns;
static volatile long tid;
static volatile bool asked, apart;

/* It is out first, and comes back while the other one sleeps. */
static void *second(void *unused)
{
	for (;;) {
		wait_epoll(TICK_MS);
		if (!asked || apart)
			continue;
		apart = true;
		pthread_barrier_wait(&out);
		nap(BLOCK_MS);
		back_ns = now_ns();
	}
	return unused;
}

static void first(void)
{
	char line[64];

	if (read(0, line, sizeof(line)) <= 0)
		exit(0);
	asked = true;
	pthread_barrier_wait(&out);
	/* alone now: what it does from here on is its turn */
	wait_epoll(0);
	wait_epoll(TICK_MS);
	left_ns = now_ns();
	nap(2 * BLOCK_MS);
	say_turn(left_ns, back_ns, syscall(SYS_gettid), 0);
	puts("DONE");
}

static void add(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
	long long ready_ns = now_ns() + 500 * MS;
	pthread_t thread;

	pattern = argc > 1 ? argv[1] : "busy";
	setvbuf(stdout, NULL, _IOLBF, 0);
	epoll = epoll_create1(0);
	if (epoll < 0 || pipe(idle) || pipe(other) || pthread_barrier_init(&out, NULL, 2))
		abort();
	add(idle[0]);
	if (!is("cut"))
		add(0);
	else if (pthread_create(&thread, NULL, second, NULL))
		abort();
	for (;;) {
		struct pollfd input = { 0, POLLIN, 0 };
		bool come = is("poll") || is("select") ? wait_poll(-1)
			    : is("busy")	       ? wait_epoll(0)
						       : wait_epoll(TICK_MS);

		if (ready_ns && now_ns() > ready_ns) {
			puts("READY");
			ready_ns = 0;
		}
		if (is("cut") && poll(&input, 1, 0) == 1)
			first();
		else if (come)
			act();
	}
}
