// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hanging_lock.c [plain]
 * A loop that sleeps 300 ms in work() each 0.7 s, ticks of 20 ms. Another thread is given an
 * event of another epoll instance on a page that is never there, and keeps that instance's
 * lock: who reads its /proc/PID/fdinfo hangs until this has ended. plain: there is none.
 * Right: sleep, of a process whose files are held up, and the watch ends when it is asked to.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "truth.h"

#define PAGE 4096

static void *never_there(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	range.range.start = (uintptr_t)page;
	range.range.len = PAGE;
	if (page == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range)) {
		perror("a page that is never there");
		exit(1);
	}
	return page;
}

static void *keep_lock(void *page)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), ends[2];

	if (pipe(ends) || write(ends[1], "x", 1) != 1 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event))
		exit(1);
	epoll_wait(epoll, page, 1, -1);
	return NULL;
}

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(0);
	struct epoll_event event;
	pthread_t thread;
	long long next;

	(void)argv;
	if (argc == 1 && pthread_create(&thread, NULL, keep_lock, never_there()))
		return 1;
	next = now() + 700 * MS;
	for (;;) {
		epoll_wait(epoll, &event, 1, 20);
		if (now() < next)
			continue;
		work();
		next = now() + 700 * MS;
	}
}
