// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hanging_page.c
 * A loop that sleeps 300 ms in work() each 0.7 s, ticks of 20 ms. It looks like a CPython,
 * whose state lies on a page that is never there: who reads it hangs until this has ended.
 * Right: sleep, in work, and the watch ends when it is asked to.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "truth.h"

#define STATE_BYTES (1 << 16)

unsigned char _PyRuntime[STATE_BYTES] __attribute__((aligned(4096), section(".PyRuntime"))) = { 1 };
const unsigned long Py_Version = 0x030b07f0;

static void never_there(void *addr, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)addr, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *there = mmap(addr, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (there == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range)) {
		perror("a page that is never there");
		exit(1);
	}
}

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

int main(void)
{
	int epoll = epoll_create1(0);
	struct epoll_event event;
	long long next;

	never_there(_PyRuntime, sizeof(_PyRuntime));
	next = now() + 700 * MS;
	for (;;) {
		epoll_wait(epoll, &event, 1, 20);
		if (now() < next)
			continue;
		work();
		next = now() + 700 * MS;
	}
}
