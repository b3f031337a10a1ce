// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reactor.c epoll|aio|busy|uring
 * A reactor like Seastar's on one thread: without work it spins for up to 200 us, then waits
 * until the next tick (10 ms): in epoll_pwait (epoll), or in io_pgetevents (aio). busy: it
 * never sleeps, but asks epoll_wait with a time-out of 0 all the time.
 * Each 0.6 s a task: in turn nanosleep, and computing, 300 ms each.
 * Right: sleep in task_io, cpu in task_cpu; spinning for want of work is no stall.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

static void __attribute__((noinline)) task_io(void)
{
	nap(300);
}

static void __attribute__((noinline)) task_cpu(void)
{
	long long end = now() + 300 * MS;

	while (now() < end)
		;
}

static void run_task(void)
{
	static int tasks;
	long long start = now();

	if (tasks++ & 1) {
		task_cpu();
		truth("cpu", start);
	} else {
		task_io();
		truth("sleep", start);
	}
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(0), ends[2];
	struct epoll_event event = { .events = EPOLLIN };
	long long tick = now(), task = now() + 600 * MS;
	aio_context_t context = 0;

	if (argc < 2 || pipe(ends))
		return 1;
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	if (syscall(SYS_io_setup, 64, &context))
		perror("io_setup");
	for (;;) {
		long long idle_since = now(), left;

		if (now() >= tick)
			tick += 10 * MS;
		if (now() >= task) {
			run_task();
			task = now() + 600 * MS;
			tick = now();
			continue;
		}
		if (argv[1][0] == 'b') {
			epoll_wait(epoll, &event, 1, 0);
			for (long long end = now() + 50000; now() < end;)
				;
			continue;
		}
		while (now() - idle_since < 200000 && now() < tick)
			;
		left = tick - now();
		if (left <= 0)
			continue;
		if (argv[1][0] == 'e') {
			epoll_pwait(epoll, &event, 1, left / MS + 1, NULL);
		} else {
			struct timespec time = { 0, left };
			struct io_event done;

			syscall(SYS_io_pgetevents, context, 1L, 1L, &done, &time, NULL);
		}
	}
}
