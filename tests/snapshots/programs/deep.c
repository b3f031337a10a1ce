// SPDX-License-Identifier: GPL-2.0-or-later
/* A recursion, libc between two functions of the program, a signal's handler where asked for. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile int sink, by_signal;
static __attribute__((noinline)) void stand_still(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
static __attribute__((noinline)) void on_signal(int number)
{
	(void)number;
	stand_still();
	sink++;
}
static __attribute__((noinline)) void raise_it(void)
{
	if (by_signal)
		kill(getpid(), SIGUSR1);
	else
		stand_still();
	sink++;
}
static __attribute__((noinline)) int compare(const void *a, const void *b)
{
	raise_it();
	sink++;
	return *(const int *)a - *(const int *)b;
}
static __attribute__((noinline)) void sort(void)
{
	int v[] = { 3, 1, 2 };
	qsort(v, 3, sizeof(v[0]), compare);
	sink += v[0];
}
static __attribute__((noinline)) void recurse(int depth)
{
	volatile char room[32];
	room[0] = (char)depth;
	if (depth)
		recurse(depth - 1);
	else
		sort();
	sink += room[0];
}
int main(int argc, char **argv)
{
	(void)argv;
	by_signal = argc > 1;
	signal(SIGUSR1, on_signal);
	recurse(40);
	return sink;
}
