// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_loop.c - a loop on epoll whose callback sleeps in functions that are inlined. */
#include "native_target.h"

#define INLINED static inline __attribute__((always_inline))

INLINED void await_ms(int ms)
{
	nap(ms); /* in await_ms */
}

INLINED void refresh(void)
{
	await_ms(block_ms); /* in refresh */
}

__attribute__((noinline)) static void on_word(void)
{
	long long start = now_ns();

	refresh(); /* in on_word */
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld, \"pid\": %d}\n", start, now_ns(),
	       getpid());
	puts("DONE");
}

int main(int argc, char **argv)
{
	int loop = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	char word[16];

	prepare(argc, argv);
	for (int ticks = 0;; ticks++) {
		ssize_t got;

		epoll_wait(loop, &event, 1, TICK_MS);
		if (ticks == TICKS_FIRST)
			puts("READY");
		got = read(0, word, sizeof(word));
		if (got == 0)
			return 0;
		if (got > 0)
			on_word();
	}
}
