// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uring_loop PATTERN [registered]: a loop whose one wait is io_uring_enter; its timer ticks each 20 ms.
 * Talks as asyncio_target.py does. Patterns that block: sleep, pipe, deferred (as sleep, while a timeout
 * of a ring's that posts only when it is entered is due); innocent: pool (in another thread), await (a
 * timeout of the ring's). registered: the ring is named by its index, not by a descriptor.
 */
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_MS 400
#define TICK_MS	 20
#define TICKS	 15 /* before it says that it is ready */

enum { INPUT = 1, TIMEOUT };

#define DEFERRED \
	(1u << 12 | 1u << 13) /* IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_DEFER_TASKRUN: 6.1 */

static struct io_uring ring;
static struct __kernel_timespec timeout;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void nap(void)
{
	struct timespec time = { .tv_nsec = BLOCK_MS * 1000000L };

	nanosleep(&time, NULL);
}

static void *write_later(void *fd)
{
	nap();
	if (write(*(int *)fd, "x", 1) != 1)
		abort();
	return NULL;
}

__attribute__((noinline)) void block_sleep(void)
{
	nap();
}

__attribute__((noinline)) void block_pipe(void)
{
	pthread_t writer;
	int fds[2];
	char byte;

	if (pipe(fds) || pthread_create(&writer, NULL, write_later, &fds[1]) ||
	    read(fds[0], &byte, 1) != 1)
		abort();
	pthread_join(writer, NULL);
	close(fds[0]);
	close(fds[1]);
}

static void turn(void (*block)(void))
{
	long long start = now_ns();

	block();
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld}\n", start, now_ns());
}

static void *sleeper(void *unused)
{
	nap();
	return unused;
}

static void ask_for_timeout(int ms)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	timeout.tv_nsec = ms * 1000000L;
	io_uring_prep_timeout(sqe, &timeout, 0, 0);
	io_uring_sqe_set_data64(sqe, TIMEOUT);
}

static void act(const char *pattern)
{
	pthread_t thread;

	if (!strcmp(pattern, "deferred")) {
		ask_for_timeout(BLOCK_MS / 2);
		io_uring_submit(&ring);
		turn(block_sleep);
	} else if (!strcmp(pattern, "sleep")) {
		turn(block_sleep);
	} else if (!strcmp(pattern, "pipe")) {
		turn(block_pipe);
	} else if (!strcmp(pattern, "pool")) {
		pthread_create(&thread, NULL, sleeper, NULL);
		pthread_detach(thread);
	} else {
		ask_for_timeout(BLOCK_MS);
	}
}

static void ask_for_input(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_poll_add(sqe, 0, POLLIN);
	io_uring_sqe_set_data64(sqe, INPUT);
}

int main(int argc, char **argv)
{
	struct __kernel_timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	bool deferred = argc > 1 && !strcmp(argv[1], "deferred");
	int ticks = 0, err = io_uring_queue_init(16, &ring, deferred ? DEFERRED : 0);
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (err || argc < 2) {
		printf("SKIP io_uring_setup: %s\n", strerror(-err));
		return 1;
	}
	if (argc > 2) {
		err = io_uring_register_ring_fd(&ring);
		if (err != 1) {
			printf("SKIP io_uring_register: %s\n", strerror(-err));
			return 1;
		}
	}
	ask_for_input();
	for (;;) {
		struct io_uring_cqe *cqe = NULL;

		io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &tick, NULL);
		if (!cqe) {
			if (++ticks == TICKS)
				puts("READY");
			continue;
		}
		if (cqe->user_data == INPUT) {
			if (read(0, line, sizeof(line)) <= 0)
				return 0;
			act(argv[1]);
			puts("DONE");
			ask_for_input();
		}
		io_uring_cqe_seen(&ring, cqe);
	}
}
