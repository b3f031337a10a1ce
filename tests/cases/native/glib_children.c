// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * glib_children.c spawn|subprocess|fifo|usleep
 * A GLib loop with a tick each 20 ms; each 0.6 s
 * spawn: run_tool(): g_spawn_command_line_sync("sleep 0.3"): GLib polls its output, then waits. Right: child.
 * subprocess: run_sub(): g_subprocess_wait() on a private context. Right: child.
 * fifo: read_conf(): g_file_get_contents() of a FIFO that is fed after 300 ms. Right: pipe or file.
 * usleep: pause_a_bit(): g_usleep(300000). Right: sleep.
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "truth.h"

static const char *kind;

static gboolean tick(gpointer unused)
{
	(void)unused;
	return TRUE;
}

static void __attribute__((noinline)) run_tool(void)
{
	g_spawn_command_line_sync("sleep 0.3", NULL, NULL, NULL, NULL);
}

static void __attribute__((noinline)) run_sub(void)
{
	GSubprocess *process =
		g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, NULL, "sleep", "0.3", NULL);

	g_subprocess_wait(process, NULL, NULL);
	g_object_unref(process);
}

static gpointer feed(gpointer unused)
{
	int fd;

	g_usleep(300000);
	fd = open("fifo", O_WRONLY);
	if (write(fd, "x", 1) < 0)
		perror("write");
	close(fd);
	return unused;
}

static void __attribute__((noinline)) read_conf(void)
{
	char *text = NULL;

	g_file_get_contents("fifo", &text, NULL, NULL);
	g_free(text);
}

static void __attribute__((noinline)) pause_a_bit(void)
{
	g_usleep(300000);
}

static gboolean job(gpointer unused)
{
	long long start;

	if (kind[0] == 'f')
		g_thread_unref(g_thread_new("feeder", feed, NULL));
	start = now();
	if (!strcmp(kind, "spawn"))
		run_tool();
	else if (!strcmp(kind, "subprocess"))
		run_sub();
	else if (!strcmp(kind, "fifo"))
		read_conf();
	else
		pause_a_bit();
	truth("block", start);
	g_timeout_add(600, job, unused);
	return FALSE;
}

int main(int argc, char **argv)
{
	kind = argc > 1 ? argv[1] : "usleep";
	if (mkfifo("fifo", 0600))
		perror("fifo");
	g_timeout_add(20, tick, NULL);
	g_timeout_add(600, job, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
}
