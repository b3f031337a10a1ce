// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * noisy.c - a neighbour that has more of everything than others: noisy KIND COUNT [DEPTH]
 *
 * loops: COUNT loops in threads of their own, each blocks again and again for 12 ms, with
 *	  a stall of 150 ms now and then, DEPTH calls deep and never in the same place twice.
 * comes: COUNT processes at a time that come and go, each with a loop and one stall.
 * crowd: COUNT processes of another user, each with 20 loops that only tick. Behind the first line
 *	  on standard input a loop of its own begins, as those of loops.
 * storm: behind the first line COUNT processes of another user make DEPTH thousand processes each,
 *	  one after the other, which do nothing; then each says DONE.
 * Says READY. It ends with standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (512 << 10)
#define CROWD_LOOPS 20
#define NOBODY	    65534
#define BLOCK_MS    12
#define STALL_MS    150
#define BLOCKS	    20 /* in one of a stall's turns */
#define LIFE_TURNS  40

static atomic_uint places;
static int depth = 40;
static volatile int sink;

static void nap(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* Which of the two calls is made on the way says the place, bit by bit. */
static void left(unsigned int place, int deep, long ms);

__attribute__((noinline)) static void right(unsigned int place, int deep, long ms)
{
	if (!deep)
		nap(ms);
	else if (place & 1)
		right(place >> 1 | place << 31, deep - 1, ms);
	else
		left(place >> 1 | place << 31, deep - 1, ms);
	sink++;
}

__attribute__((noinline)) static void left(unsigned int place, int deep, long ms)
{
	if (!deep)
		nap(ms);
	else if (place & 1)
		right(place >> 1 | place << 31, deep - 1, ms);
	else
		left(place >> 1 | place << 31, deep - 1, ms);
	sink++;
}

static void block(long ms)
{
	left(atomic_fetch_add(&places, 1), depth, ms);
}

static void *loop(void *turns)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), wake[2];
	struct epoll_event event = { .events = EPOLLIN };

	if (pipe(wake) || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake[0], &event))
		abort();
	for (uintptr_t turn = 1; !turns || turn < (uintptr_t)turns; turn++) {
		epoll_wait(epoll_fd, &event, 1, 5);
		if (turn % 16)
			continue;
		for (int i = 0; i < BLOCKS; i++)
			block(BLOCK_MS);
		block(STALL_MS);
	}
	return NULL;
}

static pthread_t start(void *(*run)(void *context))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (pthread_create(&thread, &attributes, run, NULL))
		abort();
	return thread;
}

/* Another one for each that has ended. */
static void *come_and_go(void *context)
{
	(void)context;
	for (unsigned int number = 0;; number++) {
		pid_t pid = fork();
		char name[16];

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			snprintf(name, sizeof(name), "%.9s-%u", program_invocation_short_name,
				 number % 10000);
			prctl(PR_SET_NAME, name);
			loop((void *)LIFE_TURNS);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void *tick(void *context)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	for (;;)
		epoll_wait(epoll_fd, &event, 1, 200);
	return context;
}

/* Another process, of another user; in this one: false. */
static bool fork_other(void)
{
	if (fork())
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(1);
	/* a change of user undoes it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return true;
}

static void crowd(void)
{
	if (!fork_other())
		return;
	for (int i = 0; i < CROWD_LOOPS; i++)
		start(tick);
	for (;;)
		pause();
}

static void storm(void)
{
	char word;

	if (!fork_other())
		return;
	if (read(0, &word, 1) != 1)
		_exit(1);
	for (int i = 0; i < depth * 1000; i++) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	puts("DONE");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char word;
	int count;

	if (argc < 3)
		return 2;
	count = (int)strtol(argv[2], NULL, 10);
	if (argc > 3)
		depth = (int)strtol(argv[3], NULL, 10);
	for (int i = 0; i < count; i++) {
		if (!strcmp(argv[1], "loops"))
			start(loop);
		else if (!strcmp(argv[1], "crowd"))
			crowd();
		else if (!strcmp(argv[1], "storm"))
			storm();
		else if (pthread_create(&thread, NULL, come_and_go, NULL))
			abort();
	}
	puts("READY");
	fflush(stdout);
	if (!strcmp(argv[1], "storm"))
		pause(); /* what is on standard input is for those */
	while (read(0, &word, 1) > 0)
		if (word == '\n')
			start(loop);
	return 0;
}
