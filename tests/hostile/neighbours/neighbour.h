/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neighbour.h - what programs that mean harm have in common: loops that tick, and threads by the thousand. */
#ifndef HOSTILE_NEIGHBOUR_H
#define HOSTILE_NEIGHBOUR_H

#include <pthread.h>
#include <sys/epoll.h>

#include "../../cases/native/truth.h"

#define STACK_BYTES 65536

static inline int start_thread(void *(*main)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, main, argument);
	pthread_attr_destroy(&attributes);
	return error;
}

/* So many waits of a loop that has nothing to do. */
static inline void tick(int epoll, int times, int ms)
{
	struct epoll_event event;

	while (times--)
		epoll_wait(epoll, &event, 1, ms);
}

/* A loop that is known after its ticks, and then blocks in what is given, for good. */
static inline void stall_for_ever(void (*block)(void))
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (;;) {
		tick(epoll, 10, 10);
		block();
	}
}

#endif
