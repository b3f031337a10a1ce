// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * micro.c - the smallest loads: micro getppid|epoll|switch SECONDS CPU
 *
 * getppid  a system call that nobody waits in
 * epoll    epoll_wait with a timeout of 0, as a loop that never sleeps
 * switch   two threads wake each other by eventfd, the first of them a loop that
 *          waits in epoll_wait: two context switches a round
 *
 * Prints "READY TID FD" (the loop's), waits for a line on standard input, prints
 * the nanoseconds of one round, the median of many batches; again for each line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCHES 65536

struct load {
	int epoll_fd;
	int to_loop;
	int to_peer;
	void (*round)(struct load *load);
	unsigned int batch;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		fail("write");
}

static void drain_fd(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		fail("read");
}

static void round_getppid(struct load *load)
{
	(void)load;
	syscall(SYS_getppid);
}

static void round_epoll(struct load *load)
{
	struct epoll_event event;

	epoll_wait(load->epoll_fd, &event, 1, 0);
}

static void round_switch(struct load *load)
{
	struct epoll_event event;

	signal_fd(load->to_peer);
	if (epoll_wait(load->epoll_fd, &event, 1, -1) == 1)
		drain_fd(load->to_loop);
}

static void *peer(void *context)
{
	struct load *load = context;

	while (1) {
		drain_fd(load->to_peer);
		signal_fd(load->to_loop);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void run(struct load *load, double seconds)
{
	static uint64_t took[MAX_BATCHES];
	uint64_t before = now_ns(), end = before + seconds * 1e9, after;
	size_t nr = 0;

	do {
		for (unsigned int i = 0; i < load->batch; i++)
			load->round(load);
		after = now_ns();
		took[nr++] = after - before;
		before = after;
	} while (after < end && nr < MAX_BATCHES);
	qsort(took, nr, sizeof(*took), compare);
	printf("%.1f\n", (double)took[nr / 2] / load->batch);
}

/* As a loop: it sleeps once, then has so much to do that tools notice before the measurement. */
static void measure(struct load *load, double seconds)
{
	struct epoll_event event;
	uint64_t end;

	if (load->round == round_epoll) {
		epoll_wait(load->epoll_fd, &event, 1, 20);
		end = now_ns() + 300000000;
		while (now_ns() < end)
			load->round(load);
	}
	run(load, seconds);
}

int main(int argc, char **argv)
{
	struct load load = { .epoll_fd = epoll_create1(0),
			     .to_loop = eventfd(0, 0),
			     .to_peer = eventfd(0, 0) };
	struct epoll_event event = { .events = EPOLLIN };
	cpu_set_t cpus;
	pthread_t thread;
	char line[16];

	if (argc != 4) {
		fprintf(stderr, "usage: micro getppid|epoll|switch SECONDS CPU\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(argv[3], NULL, 10), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity");
	if (epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, load.to_loop, &event))
		fail("epoll_ctl");
	if (!strcmp(argv[1], "switch")) {
		load.round = round_switch;
		load.batch = 500;
		errno = pthread_create(&thread, NULL, peer, &load);
		if (errno)
			fail("pthread_create");
	} else {
		load.round = !strcmp(argv[1], "epoll") ? round_epoll : round_getppid;
		load.batch = 20000;
	}
	printf("READY %d %d\n", (int)getpid(), load.epoll_fd);
	while (fgets(line, sizeof(line), stdin))
		measure(&load, strtod(argv[2], NULL));
	return 0;
}
