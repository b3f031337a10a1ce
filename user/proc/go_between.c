// SPDX-License-Identifier: GPL-2.0-or-later
/* go_between.c - the names of what stands between a program's code and its system calls. */
#include "proc/go_between.h"

#include <stddef.h>

#include "base/strings.h"

bool is_go_between(const char *path)
{
	static const char *const prefixes[] = { "libc.so",     "libc-",	     "libpthread", "ld-",
						"ld.so",       "libasan.so", "libtsan.so", "[vdso]",
						"liburing.so", "ld-musl-",   "libc.musl" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_with(base_name(path), prefixes[i]))
			return true;
	return false;
}
