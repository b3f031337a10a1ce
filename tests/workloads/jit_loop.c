// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A loop whose callback sleeps in a function that is called by code made at run
 * time. Talks as asyncio_target.py does.
 *
 * FACT {"code": address, "bytes": length} says where that code is.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS	    10
#define TICKS_FIRST 30
#define BLOCK_MS    250
#define CODE_BYTES  4096
#define WITH_FRAME  __attribute__((noinline, optimize("no-omit-frame-pointer")))

typedef void made_code(void (*callee)(void));

#if defined(__x86_64__)
/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const unsigned char calls_it[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };
#elif defined(__aarch64__)
/* stp x29,x30,[sp,#-16]!; mov x29,sp; blr x0; ldp x29,x30,[sp],#16; ret */
static const uint32_t calls_it[] = { 0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0 };
#endif

static made_code *make_code(void)
{
	void *memory =
		mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	memcpy(memory, calls_it, sizeof(calls_it));
	if (mprotect(memory, CODE_BYTES, PROT_READ | PROT_EXEC))
		abort();
	__builtin___clear_cache(memory, (char *)memory + sizeof(calls_it));
	return (made_code *)memory;
}

/* syscall() has no frame of its own, and touches no register that a frame is found by. */
static WITH_FRAME void block_below(void)
{
	struct timespec time = { .tv_nsec = BLOCK_MS * 1000000L };

	syscall(SYS_nanosleep, &time, NULL);
	__asm__ volatile("");
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static WITH_FRAME void act(made_code *code)
{
	long long start = now_ns();

	code(block_below);
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d}\n", start, now_ns(),
	       getpid());
	puts("DONE");
}

static WITH_FRAME void run_loop(int epoll_fd, made_code *code)
{
	struct epoll_event event;
	char word[16];

	for (int turn = 1;; turn++) {
		ssize_t got;

		epoll_wait(epoll_fd, &event, 1, TICK_MS);
		if (turn == TICKS_FIRST)
			puts("READY");
		got = read(0, word, sizeof(word));
		if (got == 0)
			_exit(0);
		if (got > 0)
			act(code);
	}
}

int main(void)
{
	made_code *code = make_code();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fcntl(0, F_SETFL, O_NONBLOCK))
		abort();
	printf("FACT {\"code\": %llu, \"bytes\": %zu}\n", (unsigned long long)(uintptr_t)code,
	       sizeof(calls_it));
	run_loop(epoll_create1(EPOLL_CLOEXEC), code);
}
