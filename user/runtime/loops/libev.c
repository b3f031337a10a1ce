// SPDX-License-Identifier: GPL-2.0-or-later
/* libev.c - libev's ev_run(): epoll, or poll and select where it was told so. */
#include "runtime/native.h"

static const char *const libraries[] = { "libev.so", NULL };

const struct runtime runtime_libev = {
	.name = "libev",
	.judge = native_judge,
	.function = "ev_run",
	.libraries = libraries,
};
