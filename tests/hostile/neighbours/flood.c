// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood.c PROCESSES THREADS
 * Loops that are blocked for 130 ms in every turn but a few, no two of them alike: each has another thread name,
 * another file that it waits for.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "neighbour.h"

static void *flood(void *nr_of_thread)
{
	int epoll = epoll_create1(0), number = (int)(long)nr_of_thread;

	for (int nr = 0;; nr++) {
		char name[64];
		int fd;

		tick(epoll, 4, 5);
		snprintf(name, sizeof(name), "f%d-%d", number, nr);
		prctl(PR_SET_NAME, name);
		snprintf(name, sizeof(name), "fifo-%d-%d-%d", getpid(), number, nr);
		mkfifo(name, 0600);
		/* both ends are here: a read that nobody answers, until it is not for us any more */
		fd = open(name, O_RDWR | O_NONBLOCK);
		unlink(name);
		if (fd >= 0) {
			fd_set set;
			struct timeval time = { 0, 130000 };

			FD_ZERO(&set);
			if (fd < FD_SETSIZE) {
				FD_SET(fd, &set);
				select(fd + 1, &set, NULL, NULL, &time);
			}
			close(fd);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 1, threads = argc > 2 ? atoi(argv[2]) : 1;

	while (--processes > 0 && fork() != 0)
		;
	for (long nr = 0; nr < threads; nr++)
		start_thread(flood, (void *)nr);
	for (;;)
		pause();
}
