// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_libev.c - a libev loop; built with -lev. */
#include <ev.h>

#include "native_target.h"

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	tick();
}

int main(int argc, char **argv)
{
	struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
	ev_timer timer;

	prepare(argc, argv);
	ev_timer_init(&timer, on_timer, TICK_MS / 1e3, TICK_MS / 1e3);
	ev_timer_start(loop, &timer);
	return !ev_run(loop, 0);
}
