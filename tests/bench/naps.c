// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * naps.c - a loop whose turns block often and shortly: naps STACK_BYTES CPU
 *
 * Prints "READY TID FD" (the loop's), waits for a line on standard input, naps 2,000
 * times in 100 turns with so much of its stack in use, prints how often it has; again
 * for each line.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TURNS	   100
#define NAPS	   20 /* a turn */
#define FRAME_ROOM 448 /* and some more for what the frame is kept with */

static void nap_often(void)
{
	struct timespec time = { .tv_nsec = 50000 };

	for (int i = 0; i < NAPS; i++)
		nanosleep(&time, NULL);
}

static __attribute__((noinline)) void deeper(long bytes)
{
	volatile char room[FRAME_ROOM];

	room[0] = room[FRAME_ROOM - 1] = 1;
	if (bytes > FRAME_ROOM)
		deeper(bytes - FRAME_ROOM);
	else
		nap_often();
	room[1] = room[0];
}

int main(int argc, char **argv)
{
	int epoll_fd = epoll_create1(0);
	struct epoll_event event;
	char line[16];
	cpu_set_t cpus;

	if (argc != 3 || epoll_fd < 0)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(argv[2], NULL, 10), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("READY %d %d\n", (int)getpid(), epoll_fd);
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < TURNS; i++) {
			epoll_wait(epoll_fd, &event, 1, 1);
			deeper(strtol(argv[1], NULL, 10));
		}
		printf("%d\n", TURNS * NAPS);
	}
	return 0;
}
