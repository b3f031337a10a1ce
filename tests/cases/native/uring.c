// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uring.c plain|registered|timeout_op
 * A loop on io_uring with liburing: it waits for completions, a time-out each 20 ms.
 * plain: io_uring_wait_cqe_timeout; registered: the ring's descriptor is registered
 * (io_uring_register_ring_fd: io_uring_enter gets an index, no descriptor); timeout_op: a
 * time-out as an operation of its own and io_uring_submit_and_wait.
 * Each 0.7 s handle() reads 300 ms long from a pipe that a thread writes to.
 * Right: pipe, in handle.
 */
#include <liburing.h>
#include <pthread.h>
#include <unistd.h>

#include "truth.h"

static int ends[2];

static void *write_later(void *unused)
{
	nap(300);
	if (write(ends[1], "x", 1) != 1)
		perror("write");
	return unused;
}

static void __attribute__((noinline)) handle(void)
{
	long long start = now();
	pthread_t thread;
	char byte;

	pthread_create(&thread, NULL, write_later, NULL);
	if (read(ends[0], &byte, 1) != 1)
		perror("read");
	truth("pipe", start);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	struct __kernel_timespec often = { .tv_nsec = 20 * MS };
	long long next = now() + 700 * MS;
	struct io_uring_cqe *done;
	struct io_uring ring;

	if (argc < 2 || pipe(ends) || io_uring_queue_init(32, &ring, 0)) {
		fprintf(stderr, "no io_uring\n");
		return 1;
	}
	if (argv[1][0] == 'r')
		io_uring_register_ring_fd(&ring);
	for (;;) {
		if (argv[1][0] == 't') {
			struct io_uring_sqe *entry = io_uring_get_sqe(&ring);

			io_uring_prep_timeout(entry, &often, 0, 0);
			io_uring_submit_and_wait(&ring, 1);
			if (!io_uring_peek_cqe(&ring, &done))
				io_uring_cqe_seen(&ring, done);
		} else if (!io_uring_wait_cqe_timeout(&ring, &done, &often)) {
			io_uring_cqe_seen(&ring, done);
		}
		if (now() < next)
			continue;
		handle();
		next = now() + 700 * MS;
	}
}
