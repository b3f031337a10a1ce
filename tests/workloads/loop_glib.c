// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop_glib.c - a GLib main loop; built with glib-2.0. Pattern dialog: the callback
 * runs the main loop itself, as a dialog does, for MS: that is no block.
 */
#include <glib.h>

#include "native_target.h"

static gboolean on_dialog_end(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_dialog(gpointer unused)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	(void)unused;
	g_timeout_add(block_ms, on_dialog_end, loop);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_timer(gpointer unused)
{
	(void)unused;
	tick();
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	prepare(argc, argv);
	g_timeout_add(TICK_MS, on_timer, NULL);
	if (!strcmp(pattern, "dialog"))
		g_timeout_add(1500, on_dialog, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
