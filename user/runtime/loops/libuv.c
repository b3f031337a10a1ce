// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libuv.c - any other program with a libuv loop (uv_run): it waits in epoll_pwait
 * on the loop's epoll instance, also where files go through io_uring (1.45).
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libuv.so", NULL };
static const char *const runs_in[] = { "uv_run", NULL };

static const struct advice rows[] = {
	{ "a callback for {call}(): without one it is done at once, on the loop", ON_WAIT,
	  .fn = "uv_fs_*" },
	{ "uv_timer_start() instead of uv_sleep()", ON(SLEEP), .fn = "uv_sleep" },
	{ "uv_async_send() from the other thread instead of a lock that is waited for", ON_WAIT,
	  .fn = "uv_cond_*|uv_sem_wait|uv_mutex_lock|uv_barrier_wait|uv_thread_join" },
	{ "uv_timer_start()", .causes = ON(SLEEP) },
	{ "uv_getaddrinfo() with a callback", .causes = ON(DNS) },
	{ "uv_spawn() and its exit_cb", .causes = ON(CHILD) },
	{ "uv_fs_*() with a callback, or uv_queue_work()", .causes = ON(FILE) },
	{ "uv_tcp_t and uv_read_start()", .causes = ON(SOCKET) },
	{ "uv_queue_work()", .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

/* threadpool.c: four threads, or UV_THREADPOOL_SIZE, all begun with the first piece of work */
const struct runtime_workers libuv_workers = { .name = "libuv", .entry = "worker" };

const struct runtime runtime_libuv = {
	.name = "libuv",
	.recognise = native_recognise,
	.function = "uv_run",
	.libraries = libraries,
	.runs_in = runs_in,
	.waits_by_epoll = true,
	.advice = advice,
	.workers = &libuv_workers,
};
