/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of another process: its memory may say anything. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/memory.h"

static uint64_t at(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static void strings(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	char text[32], *pages;

	(void)state;
	pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_true(memory_read_string(getpid(), at("hello"), text, sizeof(text)));
	assert_string_equal(text, "hello");
	/* over the end of a page, and up to where nothing is mapped */
	strcpy(pages + page - 3, "abcdef");
	assert_true(memory_read_string(getpid(), at(pages + page - 3), text, sizeof(text)));
	assert_string_equal(text, "abcdef");
	memset(pages, 'x', page);
	munmap(pages + page, page);
	assert_true(memory_read_string(getpid(), at(pages + page - 4), text, sizeof(text)));
	assert_string_equal(text, "xxxx");
	assert_true(memory_read_string(getpid(), at(pages), text, 6));
	assert_string_equal(text, "xxxxx");
	assert_false(memory_read_string(getpid(), 8, text, sizeof(text)));
	munmap(pages, page);
}

static void frame_pointers(void **state)
{
	uint64_t stack[8] = { 0 }, frames[8];

	(void)state;
	stack[2] = at(&stack[4]);
	stack[3] = 0x1111;
	stack[4] = at(&stack[6]);
	stack[5] = 0x2222;
	stack[6] = 0;
	stack[7] = 0x3333;
	assert_int_equal(memory_frames(getpid(), 0x99, at(stack), at(&stack[2]), frames, 8), 4);
	assert_int_equal(frames[0], 0x99);
	assert_int_equal(frames[1], 0x1111);
	assert_int_equal(frames[3], 0x3333);
	assert_int_equal(memory_frames(getpid(), 0x99, at(stack), at(&stack[2]), frames, 2), 2);
	/* in circles, backwards, out of the stack, nowhere */
	stack[4] = at(&stack[2]);
	assert_int_equal(memory_frames(getpid(), 0x99, at(stack), at(&stack[2]), frames, 8), 3);
	assert_int_equal(memory_frames(getpid(), 0x99, at(stack), at(stack) - 16, frames, 8), 1);
	assert_int_equal(memory_frames(getpid(), 0x99, at(stack), at(stack) + 3, frames, 8), 1);
	assert_int_equal(memory_frames(getpid(), 0x99, 16, 32, frames, 8), 1);
	assert_int_equal(memory_frames(getpid(), 0, at(stack), 0, frames, 8), 0);
}

static void descriptors(void **state)
{
	struct epoll_event event = { .events = EPOLLIN };
	int pipes[2], epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct pollfd fds[2] = { { .fd = 77 }, { .fd = 78 } };
	uint64_t set[16] = { 0 };
	unsigned long long args[4] = { 200, 0, at(set), 0 };

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipes[0], &event), 0);
	assert_true(memory_epoll_has(getpid(), epoll_fd, pipes[0]));
	assert_false(memory_epoll_has(getpid(), epoll_fd, pipes[1]));
	assert_false(memory_epoll_has(getpid(), pipes[0], pipes[0]));
	assert_false(memory_epoll_has(getpid(), 9999, pipes[0]));
	assert_true(memory_pollfds_have(getpid(), at(fds), 2, 78));
	assert_false(memory_pollfds_have(getpid(), at(fds), 1, 78));
	assert_false(memory_pollfds_have(getpid(), 8, 1, 78));
	assert_int_equal(memory_pollfds_first(getpid(), at(fds), 2), 77);
	assert_int_equal(memory_pollfds_first(getpid(), at(fds), 0), -1);
	assert_int_equal(memory_select_first(getpid(), args), -1);
	set[2] = 1 << 5;
	assert_int_equal(memory_select_first(getpid(), args), 133);
	/* what the program says of its size is no reason to read more */
	args[0] = UINT64_MAX;
	assert_int_equal(memory_select_first(getpid(), args), 133);
	close(pipes[0]);
	close(pipes[1]);
	close(epoll_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(frame_pointers),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
