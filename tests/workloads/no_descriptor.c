// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits at an epoll instance that it has not got, again and again, and is kept from running meanwhile by a child on the
 * same CPU, so that it is seen in there; and then for what nobody sends on a socket. "DONE" after six seconds.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(void)
{
	struct timeval most = { 0, 150000 };
	struct epoll_event event;
	pid_t parent = getpid();
	int ends[2];
	char byte;

	stay_on_one_cpu();
	if (fork() == 0)
		while (getppid() == parent)
			continue;
	if (getpid() != parent || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 0;
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	puts("READY");
	fflush(stdout);
	for (long long end = now_ms() + 6000; now_ms() < end;) {
		for (long long until = now_ms() + 60; now_ms() < until;)
			epoll_wait(-1, &event, 1, 10);
		recv(ends[0], &byte, 1, 0);
	}
	puts("DONE");
	return 0;
}
