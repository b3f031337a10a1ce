// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * deep_loop.c - a loop that blocks deep in its stack: deep_loop PATTERN FRAMES BYTES [MS]
 *
 * Built without frame pointers. On "go" it blocks FRAMES calls deep, each of which
 * has BYTES on the stack: sleep, cpu; signal: in a signal handler; end: in a thread
 * whose stack ends right behind the frame that blocks. Says READY, TURN {...}
 * and DONE, as the others do.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
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

static const char *pattern;
static int frames, bytes, block_ms = 300;
static volatile char sink;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

__attribute__((noinline)) static void block_here(void)
{
	struct timespec time = { block_ms / 1000, block_ms % 1000 * 1000000L };
	long long start = now_ns();

	if (strcmp(pattern, "cpu"))
		while (nanosleep(&time, &time))
			;
	while (!strcmp(pattern, "cpu") && now_ns() - start < block_ms * 1000000ll)
		;
	sink++;
}

static void on_signal(int number)
{
	block_here();
	sink += number;
}

__attribute__((noinline)) static void innermost(void)
{
	if (!strcmp(pattern, "signal"))
		raise(SIGUSR1);
	else
		block_here();
	sink++;
}

/* Each of the two has a frame of its own size, which no frame pointer leads over. */
static void even(int left);

__attribute__((noinline)) static void odd(int left)
{
	char *room = __builtin_alloca(bytes);

	memset(room, left, bytes);
	if (left)
		even(left - 1);
	else
		innermost();
	sink += room[left % bytes];
}

__attribute__((noinline)) static void even(int left)
{
	char room[64];

	memset(room, left, sizeof(room));
	if (left)
		odd(left - 1);
	else
		innermost();
	sink += room[left % sizeof(room)];
}

__attribute__((noinline)) static void turn(void)
{
	long long start = now_ns();

	even(frames - 1);
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d, \"tid\": %ld}\n", start,
	       now_ns(), getpid(), syscall(SYS_gettid));
}

static void *loop(void *unused)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), ticks = 0;
	struct epoll_event event;
	char word[16];
	ssize_t got;

	while (epoll_wait(epoll_fd, &event, 1, TICK_MS) == 0) {
		if (++ticks == TICKS_FIRST)
			puts("READY");
		got = read(0, word, sizeof(word));
		if (got == 0)
			_exit(0);
		if (got > 0) {
			turn();
			puts("DONE");
		}
	}
	return unused;
}

/* A stack of its own, behind which nothing is mapped. */
static void run_in_thread(void)
{
	size_t size = 256 << 10, page = (size_t)sysconf(_SC_PAGESIZE);
	char *stack = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	if (stack == MAP_FAILED || mprotect(stack, size, PROT_READ | PROT_WRITE))
		abort();
	pthread_attr_init(&attributes);
	if (pthread_attr_setstack(&attributes, stack, size) ||
	    pthread_create(&thread, &attributes, loop, NULL))
		abort();
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	pattern = argv[1];
	frames = (int)strtol(argv[2], NULL, 10);
	bytes = (int)strtol(argv[3], NULL, 10);
	if (argc > 4)
		block_ms = (int)strtol(argv[4], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGUSR1, on_signal);
	if (frames < 1 || bytes < 1 || fcntl(0, F_SETFL, O_NONBLOCK))
		return 2;
	if (!strcmp(pattern, "end"))
		run_in_thread();
	else
		loop(NULL);
	return 0;
}
