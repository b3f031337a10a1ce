// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mid.c, built with -DGLIB, -DUV, -DEVENT, -DEV or none of them (an epoll loop of its own)
 * Runs 0.4 s with ticks of 20 ms, then long_job() sleeps 4 s: who attaches in its middle sees
 * no return to the wait. Then ticks again.
 * Right: one stall, sleep, long_job, begun before.
 */
#include "truth.h"

static void __attribute__((noinline)) long_job(void)
{
	long long start = now();

	begins("sleep");
	nap(4000 * longer());
	truth("sleep", start);
}

#ifdef GLIB
#include <glib.h>

static gboolean tick(gpointer unused)
{
	(void)unused;
	return TRUE;
}

static gboolean job(gpointer unused)
{
	(void)unused;
	long_job();
	return FALSE;
}

int main(void)
{
	g_timeout_add(20, tick, NULL);
	g_timeout_add(400, job, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
}
#elif defined(UV)
#include <uv.h>

static void tick(uv_timer_t *timer)
{
	(void)timer;
}

static void job(uv_timer_t *timer)
{
	(void)timer;
	long_job();
}

int main(void)
{
	uv_timer_t ticks, jobs;
	uv_loop_t *loop = uv_default_loop();

	uv_timer_init(loop, &ticks);
	uv_timer_start(&ticks, tick, 20, 20);
	uv_timer_init(loop, &jobs);
	uv_timer_start(&jobs, job, 400, 0);
	uv_run(loop, UV_RUN_DEFAULT);
}
#elif defined(EVENT)
#include <event2/event.h>

static void tick(int fd, short what, void *unused)
{
	(void)fd, (void)what, (void)unused;
}

static void job(int fd, short what, void *unused)
{
	(void)fd, (void)what, (void)unused;
	long_job();
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct timeval often = { 0, 20000 }, once = { 0, 400000 };

	event_add(event_new(base, -1, EV_PERSIST, tick, NULL), &often);
	event_add(event_new(base, -1, 0, job, NULL), &once);
	event_base_dispatch(base);
}
#elif defined(EV)
#include <ev.h>

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
}

static void job(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	long_job();
}

int main(void)
{
	struct ev_loop *loop = ev_default_loop(0);
	ev_timer ticks, jobs;

	ev_timer_init(&ticks, tick, .02, .02);
	ev_timer_start(loop, &ticks);
	ev_timer_init(&jobs, job, .4, 0);
	ev_timer_start(loop, &jobs);
	ev_run(loop, 0);
}
#else
#include <sys/epoll.h>

int main(void)
{
	int epoll = epoll_create1(0);
	struct epoll_event event;

	for (int i = 0;; i++) {
		epoll_wait(epoll, &event, 1, 20);
		if (i == 20)
			long_job();
	}
}
#endif
