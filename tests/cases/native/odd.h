/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * odd.h - a loop for programs that block in unusual ways: PROGRAM NAME... An epoll loop
 * with a tick of 10 ms; each 0.5 s one way to block for some 300 ms, those that are named,
 * in turn, again and again. Each has a function of its name, which is the place; its right
 * cause is in the table of cases.
 */
#ifndef CASES_ODD_H
#define CASES_ODD_H

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "truth.h"

#define LONG 300 /* ms */
#define way  static void __attribute__((noinline))

struct odd_way {
	const char *name;
	void (*block)(void);
};

#define WAY(name)           \
	{                   \
#name, name \
	}

static inline void got(ssize_t result)
{
	if (result < 0)
		perror("odd");
}

static inline pid_t start_child(void (*fn)(void))
{
	pid_t pid = fork();

	if (!pid) {
		fn();
		_exit(0);
	}
	nap(10);
	return pid;
}

static inline struct timespec in_a_while(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_nsec += LONG * MS;
	if (time.tv_nsec >= 1000 * MS) {
		time.tv_sec++;
		time.tv_nsec -= 1000 * MS;
	}
	return time;
}

/* ways end with one that has no name. */
static inline void block_by(const struct odd_way *ways, const char *name)
{
	long long start = now();

	for (; ways->name; ways++) {
		if (strcmp(ways->name, name))
			continue;
		ways->block();
		truth(name, start);
		return;
	}
	exit(2);
}

static inline int odd_main(const struct odd_way *ways, int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), ends[2], turn = 0;
	long long next = now() + 500 * MS;

	if (argc < 2 || pipe(ends))
		return 1;
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	for (;;) {
		epoll_wait(epoll, &event, 1, 10);
		if (now() < next)
			continue;
		block_by(ways, argv[1 + turn++ % (argc - 1)]);
		next = now() + 500 * MS;
	}
}

#endif
