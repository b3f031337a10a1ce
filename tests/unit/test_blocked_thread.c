// SPDX-License-Identifier: GPL-2.0-or-later
/* What a blocked thread's memory says of it: it may say anything. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/arguments.h"
#include "capture/frame_pointers.h"
#include "capture/owner.h"
#include "capture/poll_sets.h"
#include "proc/epoll.h"
#include "proc/thread_copy.h"
#include "tests/unit/memory_sources.h"

static uint64_t at(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static struct memory own_memory(void)
{
	return (struct memory){ process_memory(), getpid() };
}

static int read_late(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	(void)context, (void)pid, (void)pieces, (void)nr;
	return -ETIMEDOUT;
}

static size_t walk(const struct memory *memory, const uint64_t *stack, uint64_t fp,
		   uint64_t *frames, size_t max)
{
	const struct innermost_frame from = { .ip = 0x99, .sp = at(stack), .fp = fp };

	return frame_pointers_walk(memory, &from, frames, max);
}

static void frame_pointers(void **state)
{
	struct memory memory = own_memory();
	uint64_t stack[8] = { 0 }, frames[8];
	struct innermost_frame nowhere = { .ip = 0x99, .sp = 16, .fp = 32 };
	struct innermost_frame nothing = { .sp = at(stack) };
	struct innermost_frame top = { .ip = 0x99, .sp = UINT64_MAX - 63, .fp = UINT64_MAX - 15 };

	(void)state;
	stack[2] = at(&stack[4]);
	stack[3] = 0x1111;
	stack[4] = at(&stack[6]);
	stack[5] = 0x2222;
	stack[6] = 0;
	stack[7] = 0x3333;
	assert_int_equal(walk(&memory, stack, at(&stack[2]), frames, 8), 4);
	assert_int_equal(frames[0], 0x99);
	assert_int_equal(frames[1], 0x1111);
	assert_int_equal(frames[3], 0x3333);
	assert_int_equal(walk(&memory, stack, at(&stack[2]), frames, 2), 2);
	/* in circles, backwards, out of the stack, nowhere */
	stack[4] = at(&stack[2]);
	assert_int_equal(walk(&memory, stack, at(&stack[2]), frames, 8), 3);
	assert_int_equal(walk(&memory, stack, at(stack) - 16, frames, 8), 1);
	assert_int_equal(walk(&memory, stack, at(stack) + 3, frames, 8), 1);
	assert_int_equal(frame_pointers_walk(&memory, &nowhere, frames, 8), 1);
	assert_int_equal(frame_pointers_walk(&memory, &nothing, frames, 8), 0);
	assert_int_equal(frame_pointers_walk(&memory, &top, frames, 8), 1);
}

/* Over several pages, up to the last word before the first page that is missing. */
static void long_stack(void **state)
{
	enum { FRAMES = 600, STRIDE = 6 };
	struct memory memory = own_memory();
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (FRAMES * STRIDE * 8 + page - 1) / page * page;
	uint64_t frames[FRAMES + 1];
	char *pages = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	uint64_t *stack;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	munmap(pages + bytes, page);
	stack = (uint64_t *)(pages + bytes) - FRAMES * STRIDE;
	for (size_t i = 0; i < FRAMES; i++) {
		uint64_t *record = stack + (i + 1) * STRIDE - 2;

		record[0] = at(record + STRIDE);
		record[1] = i + 1;
	}
	assert_int_equal(walk(&memory, stack, at(stack + STRIDE - 2), frames, FRAMES + 1),
			 FRAMES + 1);
	for (size_t i = 1; i <= FRAMES; i++)
		assert_int_equal(frames[i], i);
	munmap(pages, bytes);
}

static void descriptors(void **state)
{
	struct memory memory = own_memory();
	struct epoll_event event = { .events = EPOLLIN };
	int pipes[2], epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct pollfd fds[2] = { { .fd = 77 }, { .fd = 78 } };
	uint64_t set[16] = { 0 }, other[16] = { 0 };
	unsigned long long poll_args[2] = { at(fds), 2 };
	unsigned long long args[4] = { 200, 0, at(set), 0 };

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipes[0], &event), 0);
	assert_true(epoll_has(&memory, epoll_fd, pipes[0]));
	assert_false(epoll_has(&memory, epoll_fd, pipes[1]));
	assert_false(epoll_has(&memory, pipes[0], pipes[0]));
	assert_false(epoll_has(&memory, 9999, pipes[0]));
	assert_true(poll_has(&memory, poll_args, 78));
	assert_int_equal(poll_first(&memory, poll_args), 77);
	poll_args[1] = 1;
	assert_false(poll_has(&memory, poll_args, 78));
	poll_args[1] = 0;
	assert_int_equal(poll_first(&memory, poll_args), -1);
	poll_args[0] = 8;
	poll_args[1] = 1;
	assert_false(poll_has(&memory, poll_args, 78));
	assert_int_equal(select_first(&memory, args), -1);
	set[2] = 1 << 5;
	assert_int_equal(select_first(&memory, args), 133);
	/* what the program says of its size is no reason to read more */
	args[0] = UINT64_MAX;
	assert_int_equal(select_first(&memory, args), 133);
	/* a set that cannot be read says nothing; the last one is looked at, too */
	args[1] = 8;
	args[3] = at(other);
	other[0] = 2;
	assert_int_equal(select_first(&memory, args), 133);
	set[2] = 0;
	assert_int_equal(select_first(&memory, args), 1);
	close(pipes[0]);
	close(pipes[1]);
	close(epoll_fd);
}

static void paths(void **state)
{
	struct memory memory = own_memory();
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bp_capture capture = { .block.syscall = SYS_openat };
	struct bp_object *object = &capture.object;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	/* over the end of a page */
	strcpy(pages + page - 3, "/tmp/x");
	capture.block.args[0] = 7;
	capture.block.args[1] = at(pages + page - 3);
	assert_int_equal(arguments_read(&memory, &capture), -1);
	assert_int_equal(object->kind, BP_OBJECT_USER_PATH);
	assert_int_equal(object->fd, 7);
	assert_string_equal(object->path, "/tmp/x");
	assert_int_equal(object->path_bytes, 7);
	/* up to where nothing is mapped */
	munmap(pages + page, page);
	memset(pages, 'x', page);
	object->kind = BP_OBJECT_NONE;
	capture.block.args[1] = at(pages + page - 4);
	assert_int_equal(arguments_read(&memory, &capture), -1);
	assert_string_equal(object->path, "xxxx");
	/* longer than there is room for */
	object->kind = BP_OBJECT_NONE;
	capture.block.args[1] = at(pages);
	assert_int_equal(arguments_read(&memory, &capture), -1);
	assert_int_equal(object->path_bytes, sizeof(object->path));
	assert_int_equal(strlen(object->path), sizeof(object->path) - 1);
	object->kind = BP_OBJECT_NONE;
	capture.block.args[1] = 8;
	assert_int_equal(arguments_read(&memory, &capture), -1);
	assert_int_equal(object->kind, BP_OBJECT_NONE);
	munmap(pages, page);
}

static void stack_copies(void **state)
{
	struct memory memory = own_memory();
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 2 * BP_STACK_COPY_BYTES;
	char *pages = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct bp_registers regs = { 0 };
	static struct bp_stack_copy copy;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	munmap(pages + bytes, page);
	for (size_t i = 0; i < bytes; i++)
		pages[i] = (char)(i / 7);
	regs.reg[BP_REGISTER_SP] = at(pages + 24);
	assert_int_equal(thread_copy_stack(&memory, &regs, &copy), 0);
	assert_int_equal(copy.bytes, BP_STACK_COPY_BYTES);
	assert_true(copy.flags & BP_STACK_COPY_CUT);
	assert_memory_equal(copy.stack, pages + 24, BP_STACK_COPY_BYTES);
	regs.reg[BP_REGISTER_SP] = at(pages + bytes - page - 24);
	assert_int_equal(thread_copy_stack(&memory, &regs, &copy), 0);
	assert_int_equal(copy.bytes, page + 24);
	assert_false(copy.flags & BP_STACK_COPY_CUT);
	assert_memory_equal(copy.stack, pages + bytes - page - 24, page + 24);
	regs.reg[BP_REGISTER_SP] = at(pages + bytes);
	assert_int_equal(thread_copy_stack(&memory, &regs, &copy), -ENOENT);
	assert_int_equal(copy.bytes, 0);
	munmap(pages, bytes);
}

/* Locks whose word is the number of the thread that holds them. */
static void owners_in_the_word(void **state)
{
	static unsigned int word;
	struct memory memory = { process_memory(), getpid() };
	unsigned int held = (unsigned int)gettid() | FUTEX_WAITERS;
	struct bp_block wait = { .syscall = SYS_futex,
				 .args = { at(&word), FUTEX_WAIT_PRIVATE, held } };
	pid_t owner = 0;

	(void)state;
	word = held;
	assert_true(owner_now(&memory, &wait, &owner));
	assert_int_equal(owner, gettid());
	/* another has it by now; nobody said that it waits; no thread of this process */
	word = held + 1;
	assert_false(owner_now(&memory, &wait, &owner));
	word = held;
	wait.args[2] = held & ~FUTEX_WAITERS;
	assert_false(owner_now(&memory, &wait, &owner));
	word = 1 | FUTEX_WAITERS;
	wait.args[2] = word;
	assert_false(owner_now(&memory, &wait, &owner));
	wait.args[1] = FUTEX_LOCK_PI_PRIVATE;
	wait.args[2] = 0;
	word = held;
	assert_true(owner_now(&memory, &wait, &owner));
}

/* What does not come in time is not known: nothing else goes wrong. */
static void memory_that_is_late(void **state)
{
	struct memory_source source = { .read = read_late };
	struct memory memory = { &source, getpid() };
	struct pollfd fds[1] = { { .fd = 77 } };
	unsigned long long poll_args[2] = { at(fds), 1 }, args[4] = { 64, at(fds), 0, 0 };
	struct bp_capture capture = { .block = { .syscall = SYS_openat, .args[1] = at("/tmp") } };
	struct bp_block futex = { .syscall = SYS_futex, .args = { at(fds), 0, 2 } };
	struct bp_registers regs = { .reg[BP_REGISTER_SP] = at(fds) };
	static struct bp_stack_copy copy;
	uint64_t frames[8];
	pid_t owner;

	(void)state;
	assert_int_equal(walk(&memory, (uint64_t *)fds, at(fds), frames, 8), 1);
	assert_false(poll_has(&memory, poll_args, 77));
	assert_int_equal(poll_first(&memory, poll_args), -1);
	assert_int_equal(select_first(&memory, args), -1);
	assert_int_equal(arguments_read(&memory, &capture), -1);
	assert_int_equal(capture.object.kind, BP_OBJECT_NONE);
	assert_false(owner_now(&memory, &futex, &owner));
	assert_int_equal(thread_copy(&memory, getpid(), &regs, 0, &copy), -ENOENT);
	assert_int_equal(copy.bytes, 0);
	assert_true(source.late == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_pointers),     cmocka_unit_test(long_stack),
		cmocka_unit_test(descriptors),	      cmocka_unit_test(paths),
		cmocka_unit_test(stack_copies),	      cmocka_unit_test(memory_that_is_late),
		cmocka_unit_test(owners_in_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
