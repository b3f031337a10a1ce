/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native_target.h - what the loops of C libraries share: PROGRAM PATTERN [MS]
 *
 * Each calls tick() from a timer each TICK_MS, in its loop. It says READY once
 * the loop has run, blocks once on "go", says TURN {...} and DONE, and ends when
 * its stdin is closed. Patterns: sleep, cpu, read, poll, epoll; worker: a sleep
 * in another thread; until: blocks until the next line on stdin; spin: computes
 * until then; fork: a child of its own blocks in its stead, for good; idle.
 */
#ifndef BLOCKPROF_TESTS_WORKLOADS_NATIVE_TARGET_H
#define BLOCKPROF_TESTS_WORKLOADS_NATIVE_TARGET_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS	    10
#define TICKS_FIRST 30

static const char *pattern;
static int block_ms = 250;
static int fed[2]; /* a pipe that is written to after block_ms */

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void nap(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static void *feed(void *unused)
{
	nap(block_ms);
	if (strcmp(pattern, "worker") && write(fed[1], "x", 1) != 1)
		abort();
	return unused;
}

static void start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, feed, NULL))
		abort();
	pthread_detach(thread);
}

static void block_epoll(void)
{
	int other = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };

	epoll_ctl(other, EPOLL_CTL_ADD, fed[0], &event);
	epoll_wait(other, &event, 1, -1);
	close(other);
}

static void block_until(void)
{
	char word[16];

	if (fcntl(0, F_SETFL, 0) || read(0, word, sizeof(word)) <= 0 ||
	    fcntl(0, F_SETFL, O_NONBLOCK))
		abort();
}

/* It enters the kernel seldom. */
__attribute__((noinline)) static void spin(void)
{
	long long looked = now_ns();
	char word[16];

	for (;;) {
		if (now_ns() - looked < 20 * 1000000ll)
			continue;
		looked = now_ns();
		if (read(0, word, sizeof(word)) >= 0)
			return;
	}
}

/* A child that is a copy of the loop in the middle of its turn. */
static void block_child(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	printf("CHILD %d\n", child);
}

__attribute__((noinline)) static void block(void)
{
	struct pollfd polled = { .fd = fed[0], .events = POLLIN };
	long long start = now_ns();
	char byte;

	if (!strcmp(pattern, "read") || !strcmp(pattern, "poll") || !strcmp(pattern, "epoll") ||
	    !strcmp(pattern, "worker"))
		start_thread();
	if (!strcmp(pattern, "sleep"))
		nap(block_ms);
	else if (!strcmp(pattern, "poll"))
		poll(&polled, 1, -1);
	else if (!strcmp(pattern, "epoll"))
		block_epoll();
	else if (!strcmp(pattern, "until"))
		block_until();
	else if (!strcmp(pattern, "spin"))
		spin();
	else if (!strcmp(pattern, "fork"))
		block_child();
	else if (!strcmp(pattern, "read") && read(fed[0], &byte, 1) != 1)
		abort();
	while (!strcmp(pattern, "cpu") && now_ns() - start < block_ms * 1000000ll)
		;
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d, \"tid\": %ld}\n", start,
	       now_ns(), getpid(), syscall(SYS_gettid));
}

static void tick(void)
{
	static int ticks;
	char word[16];
	ssize_t got;

	if (++ticks == TICKS_FIRST)
		puts("READY");
	got = read(0, word, sizeof(word));
	if (got == 0)
		_exit(0);
	if (got > 0) {
		block();
		puts("DONE");
	}
}

static void prepare(int argc, char **argv)
{
	pattern = argc > 1 ? argv[1] : "idle";
	if (argc > 2)
		block_ms = (int)strtol(argv[2], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pipe(fed) || fcntl(0, F_SETFL, O_NONBLOCK))
		abort();
}

#endif
