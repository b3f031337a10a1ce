// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * server.c TRUTH
 * A loop of its own on epoll, with ticks of 20 ms, that is blocked each 0.8 s for a quarter of a
 * second: in a sleep, a pipe, a mutex, its own computing, by turns.
 * Each block is a line of the file TRUTH, by this program's own clock (CLOCK_MONOTONIC, ns):
 *   CAUSE FUNCTION BEFORE START END AFTER READY CPU
 * BEFORE and AFTER: when it was last seen to enter the wait before, and first to return from the
 * one behind it; so the turn began between BEFORE and START, and ended between END and AFTER.
 * READY and CPU: for how long it could have run and did not, and ran, between these two.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "../../cases/native/truth.h"

#define BLOCK_MS  250
#define PERIOD_MS 800
#define TICK_MS	  20

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int request[2], answer[2], held[2];

static void other(void *what)
{
	char byte;

	while (read(request[0], &byte, 1) == 1) {
		if (byte == 'l')
			pthread_mutex_lock(&mutex);
		if (write(held[1], &byte, 1) != 1)
			return;
		nap(BLOCK_MS);
		if (byte == 'l')
			pthread_mutex_unlock(&mutex);
		else if (write(answer[1], what, 1) != 1)
			return;
	}
}

static void *other_main(void *what)
{
	other(what);
	return NULL;
}

/* Has the other thread begun what it does for us; not part of the block. */
static void ask(char what)
{
	if (write(request[1], &what, 1) != 1 || read(held[0], &what, 1) != 1)
		exit(1);
}

static void __attribute__((noinline)) nap_here(void)
{
	nap(BLOCK_MS);
}

static void __attribute__((noinline)) read_here(void)
{
	char byte;

	if (read(answer[0], &byte, 1) != 1)
		exit(1);
}

static void __attribute__((noinline)) lock_here(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void __attribute__((noinline)) spin_here(void)
{
	spin(BLOCK_MS);
}

static const struct {
	const char *cause, *function;
	void (*block)(void);
	char ask;
} kinds[] = {
	{ "sleep", "nap_here", nap_here, 0 },
	{ "pipe", "read_here", read_here, 'p' },
	{ "lock", "lock_here", lock_here, 'l' },
	{ "cpu", "spin_here", spin_here, 0 },
};

static void run_times(int schedstat, int64_t *cpu_ns, int64_t *ready_ns)
{
	char text[96] = "";

	if (pread(schedstat, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%" SCNd64 " %" SCNd64, cpu_ns, ready_ns) != 2)
		exit(1);
}

int main(int argc, char **argv)
{
	struct itimerspec each = { { 0, TICK_MS * MS }, { 0, TICK_MS * MS } };
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	struct epoll_event event = { EPOLLIN, { 0 } };
	int64_t cpu = 0, ready = 0, cpu_then, ready_then;
	long long before, start = 0, end = 0, last_before = 0, next;
	FILE *file = argc > 1 ? fopen(argv[1], "a") : NULL;
	size_t kind = 0;
	pthread_t thread;

	if (!file || pipe(request) || pipe(answer) || pipe(held) || schedstat < 0)
		return 1;
	pthread_create(&thread, NULL, other_main, "x");
	timerfd_settime(timer, 0, &each, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	next = now() + PERIOD_MS * MS;
	for (;;) {
		unsigned long long ticks;

		run_times(schedstat, &cpu_then, &ready_then);
		before = now();
		if (epoll_wait(epoll, &event, 1, -1) != 1 || read(timer, &ticks, sizeof(ticks)) < 0)
			continue;
		if (start) {
			long long after = now();

			run_times(schedstat, &cpu_then, &ready_then);
			fprintf(file, "%s %s %lld %lld %lld %lld %lld %lld\n", kinds[kind].cause,
				kinds[kind].function, last_before, start, end, after,
				(long long)(ready_then - ready), (long long)(cpu_then - cpu));
			fflush(file);
			kind = (kind + 1) % (sizeof(kinds) / sizeof(*kinds));
			start = 0;
			continue;
		}
		if (now() < next)
			continue;
		last_before = before;
		cpu = cpu_then;
		ready = ready_then;
		if (kinds[kind].ask)
			ask(kinds[kind].ask);
		start = now();
		kinds[kind].block();
		end = now();
		next = end + PERIOD_MS * MS;
	}
}
