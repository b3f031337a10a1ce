// SPDX-License-Identifier: GPL-2.0-or-later
/* libev.c - libev's ev_run(): epoll, or poll and select where it was told so. */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libev.so", NULL };

const struct runtime runtime_libev = {
	.name = "libev",
	.recognise = native_recognise,
	.function = "ev_run",
	.libraries = libraries,
};
