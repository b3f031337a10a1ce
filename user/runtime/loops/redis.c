// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * redis.c - redis and its kin (ae.c): the main thread's aeMain() waits on the one
 * epoll instance. Threads for I/O and for closing files have none.
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "redis-server",	 "redis-sentinel", "redis-check-rdb",
					"valkey-server", "keydb-server",   NULL };

const struct runtime runtime_redis = {
	.name = "redis",
	.recognise = native_recognise,
	.programs = programs,
	.function = "aeMain",
	.own_epoll = native_main_epoll,
};
