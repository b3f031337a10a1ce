// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_libuv.c - a libuv loop; built with -luv. */
#include <uv.h>

#include "native_target.h"

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	tick();
}

int main(int argc, char **argv)
{
	uv_timer_t timer;

	prepare(argc, argv);
	uv_timer_init(uv_default_loop(), &timer);
	uv_timer_start(&timer, on_timer, TICK_MS, TICK_MS);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
