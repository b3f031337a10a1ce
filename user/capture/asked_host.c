// SPDX-License-Identifier: GPL-2.0-or-later
/* asked_host.c - a question to a local service (nscd, resolved) is not on the stack, the call's argument is. */
#include "capture/asked_host.h"

#include <string.h>

#include "runtime/python/python.h"

char *asked_host(struct python *python, uint64_t pthread)
{
	char host[256];

	return python_getaddrinfo_host(python, pthread, host, sizeof(host)) ? NULL : strdup(host);
}
