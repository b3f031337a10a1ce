// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libuv.c - any other program with a libuv loop (uv_run): it waits in epoll_pwait
 * on the loop's epoll instance, also where files go through io_uring (1.45).
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libuv.so", NULL };

const struct runtime runtime_libuv = {
	.name = "libuv",
	.recognise = native_recognise,
	.function = "uv_run",
	.libraries = libraries,
};
