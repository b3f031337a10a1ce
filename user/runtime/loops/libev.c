// SPDX-License-Identifier: GPL-2.0-or-later
/* libev.c - libev's ev_run(): epoll, or poll and select where it was told so. */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libev.so", NULL };
static const char *const runs_in[] = { "ev_run", NULL };

static const struct advice rows[] = {
	{ "ev_timer_start() instead of a sleep", .causes = ON(SLEEP) },
	{ "ev_child_start() instead of waiting for the child", .causes = ON(CHILD) },
	{ "an ev_io watcher of a socket that does not block", .causes = ON(SOCKET) },
	{ "a thread (libeio), and ev_async_send() when it is done",
	  .causes = ON(FILE) | ON(CPU) | ON(DNS) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_libev = {
	.name = "libev",
	.recognise = native_recognise,
	.function = "ev_run",
	.libraries = libraries,
	.runs_in = runs_in,
	.waits_by_epoll = true,
	.advice = advice,
};
