// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_libevent.c - a libevent loop; built with -levent. EVENT_NOEPOLL=1 in the environment: by poll. */
#include <event2/event.h>

#include "native_target.h"

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	tick();
}

int main(int argc, char **argv)
{
	struct timeval each = { 0, TICK_MS * 1000 };
	struct event_base *base;
	struct event *timer, *never;
	int silent[2];

	prepare(argc, argv);
	if (pipe(silent))
		return 1;
	base = event_base_new();
	/* something to wait for besides the time */
	never = event_new(base, silent[0], EV_READ | EV_PERSIST, on_timer, NULL);
	event_add(never, NULL);
	timer = event_new(base, -1, EV_PERSIST, on_timer, NULL);
	event_add(timer, &each);
	return event_base_dispatch(base);
}
