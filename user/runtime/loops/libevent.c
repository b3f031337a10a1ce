// SPDX-License-Identifier: GPL-2.0-or-later
/* libevent.c - libevent's event_base_loop(): epoll, or poll and select where it was told so. */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libevent-", "libevent_core-", "libevent.so",
					 "libevent_core.so", NULL };

/* "2.1" of libevent-2.1.so.7.0.1: no more is in the file's name */
static int version(struct program *program, char *version, size_t size)
{
	int err = native_library_version(program, "libevent-", ".so", version, size);

	return err ? native_library_version(program, "libevent_core-", ".so", version, size) : 0;
}

const struct runtime runtime_libevent = {
	.name = "libevent",
	.recognise = native_recognise,
	.function = "event_base_loop",
	.libraries = libraries,
	.version = version,
};
