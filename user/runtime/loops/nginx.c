// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nginx.c - a worker's ngx_process_events_and_timers() waits on the worker's epoll
 * instance; the master has none: it waits for signals.
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "nginx", "openresty", "angie", "freenginx", NULL };

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "nginx/", version, size);
}

const struct runtime runtime_nginx = {
	.name = "nginx",
	.recognise = native_recognise,
	.programs = programs,
	.function = "ngx_process_events_and_timers",
	.own_epoll = native_main_epoll,
	.version = version,
};
