// SPDX-License-Identifier: GPL-2.0-or-later
/* In the vDSO, and on the way through the PLT. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static __attribute__((noinline)) long ask(int depth)
{
	volatile struct timespec now;

	if (depth)
		return ask(depth - 1) + 1;
	clock_gettime(CLOCK_MONOTONIC, (struct timespec *)&now);
	return now.tv_nsec + abs(rand());
}

int main(void)
{
	long sum = 0;

	for (int i = 0; i < 1000000; i++)
		sum += ask(3);
	printf("%ld\n", sum);
	return 0;
}
