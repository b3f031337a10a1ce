// SPDX-License-Identifier: GPL-2.0-or-later
/* free_threaded.c - what a free-threaded CPython 3.14 says of itself in memory, and nothing else of it. */
#include <stdio.h>
#include <unistd.h>

/* struct _Py_DebugOffsets: "xdebugpy", PY_VERSION_HEX of 3.14.2, free_threaded */
__attribute__((section(".PyRuntime"),
	       used)) unsigned long long _PyRuntime[1024] = { 0x7970677562656478, 0x030e02f0, 1 };

int main(void)
{
	puts("READY");
	fflush(stdout);
	for (int i = 0; i < 600; i++)
		usleep(100000);
	return 0;
}
