// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_libuv.c - a libuv loop; built with -luv. AGAIN=1 in the environment: made anew after 1.5 s. */
#include <uv.h>

#include "native_target.h"

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	tick();
}

/* Runs the loop until there is nothing to do, or for good. */
static int run(uv_loop_t *loop, uv_timer_t *timer)
{
	uv_timer_init(loop, timer);
	uv_timer_start(timer, on_timer, TICK_MS, TICK_MS);
	return uv_run(loop, UV_RUN_DEFAULT);
}

static void on_end(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* A first loop for a while, then another one on another epoll instance. */
static int run_again(void)
{
	uv_loop_t first, second;
	uv_timer_t timer, end;

	uv_loop_init(&first);
	uv_loop_init(&second);
	uv_timer_init(&first, &end);
	uv_timer_start(&end, on_end, 1500, 0);
	run(&first, &timer);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&end, NULL);
	uv_run(&first, UV_RUN_DEFAULT);
	uv_loop_close(&first);
	return run(&second, &timer);
}

int main(int argc, char **argv)
{
	uv_timer_t timer;

	prepare(argc, argv);
	return getenv("AGAIN") ? run_again() : run(uv_default_loop(), &timer);
}
