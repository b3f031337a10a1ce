// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many.c - a machine full of loops: many LOOPS OTHERS ITERATIONS [NAP_US]
 *
 * LOOPS threads wait in epoll_wait, each in an instance of its own. Two more
 * threads keep them busy: each has a few turns under way at any time and hands
 * the next one to the loop that has waited longest. A turn reads its eventfd,
 * computes for ITERATIONS, sleeps for NAP_US, and reports back. OTHERS threads sleep, half of them
 * for good, half of them for a second at a time.
 *
 * Prints "LOOP TID FD" for each loop and "READY", then waits for lines on
 * standard input: "SECONDS" runs that long and prints a JSON object: turns,
 * those of them whose wait slept, wall and cpu time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DRIVERS	    2
#define UNDER_WAY   4 /* turns of one driver at a time */
#define STACK_BYTES 65536

struct driver {
	int done_fd; /* a turn adds one to it */
	struct loop *loops;
	size_t nr;
	size_t next;
};

struct loop {
	pthread_t thread;
	int epoll_fd;
	int event_fd;
	pid_t tid;
	size_t number;
	struct driver *driver;
	uint64_t turns;
	uint64_t slept; /* waits that slept, up to the last turn */
};

static unsigned long iterations;
static unsigned long nap_us;
static atomic_int started;
static atomic_bool running;

static void fail(const char *what)
{
	fprintf(stderr, "many: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t take_fd(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		fail("read");
	return count;
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		fail("write");
}

static void compute(void)
{
	for (volatile unsigned long i = 0; i < iterations; i++)
		;
}

static void *run_loop(void *context)
{
	struct loop *loop = context;
	struct epoll_event event;
	struct rusage usage;
	char name[16];

	prctl(PR_SET_TIMERSLACK, 1);
	loop->tid = syscall(SYS_gettid);
	/* as many programs would have: metrics tell them apart by it */
	snprintf(name, sizeof(name), "many-%zu", loop->number);
	pthread_setname_np(pthread_self(), name);
	atomic_fetch_add(&started, 1);
	for (;;) {
		if (epoll_wait(loop->epoll_fd, &event, 1, -1) != 1)
			continue;
		take_fd(loop->event_fd);
		compute();
		if (nap_us)
			usleep(nap_us);
		loop->turns++;
		getrusage(RUSAGE_THREAD, &usage);
		loop->slept = usage.ru_nvcsw;
		signal_fd(loop->driver->done_fd);
	}
	return NULL;
}

static void hand_out(struct driver *driver, uint64_t nr)
{
	while (nr--) {
		signal_fd(driver->loops[driver->next].event_fd);
		driver->next = (driver->next + 1) % driver->nr;
	}
}

/* One measurement; at its end no turn is under way. */
static void *drive(void *context)
{
	struct driver *driver = context;
	uint64_t under_way = driver->nr < UNDER_WAY ? driver->nr : UNDER_WAY;

	hand_out(driver, under_way);
	while (under_way) {
		uint64_t nr = take_fd(driver->done_fd);

		if (running)
			hand_out(driver, nr);
		else
			under_way -= nr;
	}
	return NULL;
}

static void *sleep_on(void *context)
{
	atomic_fetch_add(&started, 1);
	while (context)
		usleep(1000000);
	for (;;)
		pause();
	return NULL;
}

static pthread_t start(void *(*run)(void *context), void *context)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	errno = pthread_create(&thread, &attributes, run, context);
	if (errno)
		fail("pthread_create");
	pthread_attr_destroy(&attributes);
	return thread;
}

static struct loop *start_loops(size_t nr, struct driver *drivers)
{
	struct loop *loops = calloc(nr, sizeof(*loops));

	if (!loops)
		fail("calloc");
	for (size_t i = 0; i < nr; i++) {
		struct loop *loop = &loops[i];
		struct epoll_event event = { .events = EPOLLIN };

		loop->epoll_fd = epoll_create1(0);
		loop->event_fd = eventfd(0, EFD_SEMAPHORE);
		if (loop->epoll_fd < 0 || loop->event_fd < 0 ||
		    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event))
			fail("epoll");
		loop->number = i;
		loop->driver = &drivers[i * DRIVERS / nr];
		if (!loop->driver->nr++)
			loop->driver->loops = loop;
		loop->thread = start(run_loop, loop);
	}
	return loops;
}

static void measure(const struct loop *loops, size_t nr, struct driver *drivers, double seconds)
{
	uint64_t turns = 0, slept = 0, wall_ns, cpu_ns;
	pthread_t threads[DRIVERS];

	for (size_t i = 0; i < nr; i++) {
		turns -= loops[i].turns;
		slept -= loops[i].slept;
	}
	wall_ns = clock_ns(CLOCK_MONOTONIC);
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	running = true;
	for (int i = 0; i < DRIVERS; i++)
		threads[i] = start(drive, &drivers[i]);
	usleep(seconds * 1e6);
	running = false;
	for (int i = 0; i < DRIVERS; i++)
		pthread_join(threads[i], NULL);
	wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	for (size_t i = 0; i < nr; i++) {
		turns += loops[i].turns;
		slept += loops[i].slept;
	}
	printf("{\"turns\": %lu, \"slept\": %lu, \"wall_ns\": %lu, \"cpu_ns\": %lu}\n", turns,
	       slept, wall_ns, cpu_ns);
}

int main(int argc, char **argv)
{
	struct driver drivers[DRIVERS] = { 0 };
	size_t nr_loops, nr_others;
	struct loop *loops;
	char line[64];

	if (argc < 4)
		return 2;
	nr_loops = strtoul(argv[1], NULL, 10);
	nr_others = strtoul(argv[2], NULL, 10);
	iterations = strtoul(argv[3], NULL, 10);
	nap_us = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	if (nr_loops < DRIVERS)
		return 2;
	setlinebuf(stdout);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2 * nr_loops + 64, 2 * nr_loops + 64 });
	for (int i = 0; i < DRIVERS; i++) {
		drivers[i].done_fd = eventfd(0, 0);
		if (drivers[i].done_fd < 0)
			fail("eventfd");
	}
	loops = start_loops(nr_loops, drivers);
	for (size_t i = 0; i < nr_others; i++)
		start(sleep_on, i % 2 ? loops : NULL);
	while ((size_t)started < nr_loops + nr_others)
		usleep(1000);
	for (size_t i = 0; i < nr_loops; i++)
		printf("LOOP %d %d\n", loops[i].tid, loops[i].epoll_fd);
	puts("READY");
	while (fgets(line, sizeof(line), stdin))
		measure(loops, nr_loops, drivers, strtod(line, NULL));
	return 0;
}
