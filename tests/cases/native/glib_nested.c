// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * glib_nested.c private|progress|dialog|slow_dialog|thread
 * A GLib main loop on the default context, with a tick each 20 ms. Each 0.5 s:
 * private: secret_sync() runs a nested main loop on a context of its own until a thread quits
 *   it after 400 ms: the default context is not served. A stall: poll, in secret_sync.
 * progress: as private, and the private context has a timer of 20 ms: many polls in the turn.
 * dialog: show_dialog() runs a nested loop on the default context for 400 ms. Ticks go on: no stall.
 * slow_dialog: the same with ticks of 300 ms and dialogs of 1 s: no stall.
 * thread: a second thread runs a loop on a context of its own for good, and blocks 300 ms in
 *   worker_job() each 0.7 s: a stall of that thread: sleep. The main thread has none.
 */
#include <gio/gio.h>

#include "truth.h"

static char mode;
static long period = 20;

static gboolean tick(gpointer last)
{
	if (last)
		pulse(last, period);
	return TRUE;
}

static gboolean quit(gpointer loop)
{
	g_main_loop_quit(loop);
	return FALSE;
}

static void add_to(GMainContext *context, GSource *source, GSourceFunc function, gpointer data)
{
	g_source_set_callback(source, function, data, NULL);
	g_source_attach(source, context);
	g_source_unref(source);
}

static gpointer quit_later(gpointer loop)
{
	g_usleep(400000);
	add_to(g_main_loop_get_context(loop), g_idle_source_new(), quit, loop);
	return NULL;
}

static void __attribute__((noinline)) secret_sync(void)
{
	GMainContext *context = g_main_context_new();
	GMainLoop *loop = g_main_loop_new(context, FALSE);
	GThread *thread;

	g_main_context_push_thread_default(context);
	if (mode == 'g')
		add_to(context, g_timeout_source_new(20), tick, NULL);
	thread = g_thread_new("quitter", quit_later, loop);
	g_main_loop_run(loop);
	g_thread_join(thread);
	g_main_loop_unref(loop);
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
}

static void __attribute__((noinline)) show_dialog(void)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	g_timeout_add(mode == 's' ? 1000 : 400, quit, loop);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
}

static gboolean job(gpointer unused)
{
	long long start = now();

	(void)unused;
	if (mode == 'p' || mode == 'g') {
		secret_sync();
		truth("private", start);
	} else {
		show_dialog();
		truth("dialog", start);
	}
	g_timeout_add(500, job, NULL);
	return FALSE;
}

static void __attribute__((noinline)) worker_job(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static gboolean worker_timer(gpointer unused)
{
	(void)unused;
	worker_job();
	return TRUE;
}

static gpointer worker(gpointer unused)
{
	GMainContext *context = g_main_context_new();

	(void)unused;
	add_to(context, g_timeout_source_new(20), tick, NULL);
	add_to(context, g_timeout_source_new(700), worker_timer, NULL);
	g_main_loop_run(g_main_loop_new(context, FALSE));
	return NULL;
}

int main(int argc, char **argv)
{
	static long long last;

	mode = argc > 1 ? (strcmp(argv[1], "progress") ? argv[1][0] : 'g') : 'd';
	period = mode == 's' ? 300 : 20;
	/* the ticks of a private loop's victim stay out: no sign of anything */
	g_timeout_add(period, tick, mode == 'p' || mode == 'g' ? NULL : &last);
	if (mode == 't')
		g_thread_new("worker", worker, NULL);
	else
		g_timeout_add(500, job, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
}
