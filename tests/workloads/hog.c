// SPDX-License-Identifier: GPL-2.0-or-later
/* hog.c - runs, in main() > outer() > spin(), until it is ended. */

static volatile unsigned long count;

__attribute__((noinline)) static void spin(void)
{
	do
		count++;
	while (count);
}

__attribute__((noinline)) static void outer(void)
{
	spin();
	count++;
}

int main(void)
{
	outer();
	return 0;
}
