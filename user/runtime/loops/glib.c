// SPDX-License-Identifier: GPL-2.0-or-later
/* glib.c - GLib's main loop: g_main_context_iterate() polls what its sources ask for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const libraries[] = { "libglib-2.0.so", NULL };
static const char *const runs_in[] = { "g_main_loop_run", "g_main_context_iteration", NULL };

/*
 * libglib-2.0.so.0.AGE.INTERFACE: AGE is 100 * minor + micro - interface age
 * (meson.build, "library_version"): 0.7400.6 is 2.74.6.
 */
static int version(struct program *program, char *version, size_t size)
{
	const char *path = program_library(program, "libglib-2.0.so.0.");
	unsigned int age, interface;

	if (!path || sscanf(base_name(path), "libglib-2.0.so.0.%5u.%5u", &age, &interface) != 2)
		return -ENOENT;
	snprintf(version, size, "2.%u.%u", age / 100, age % 100 + interface);
	return 0;
}

static const struct advice rows[] = {
	{ "GSubprocess, or g_spawn_async() and g_child_watch_add()", ON_WAIT,
	  .fn = "g_spawn_sync|g_spawn_command_line_sync" },
	{ "g_subprocess_communicate_async() and g_subprocess_wait_async()", ON_WAIT,
	  .fn = "g_subprocess_communicate|g_subprocess_communicate_utf8|g_subprocess_wait|"
		"g_subprocess_wait_check" },
	{ "g_file_load_contents_async() instead of {call}()", ON_WAIT,
	  .fn = "g_file_get_contents|g_file_load_contents|g_mapped_file_new" },
	{ "g_file_replace_contents_async() instead of {call}()", ON_WAIT,
	  .fn = "g_file_set_contents*|g_file_replace_contents" },
	{ "g_dbus_connection_call() or g_dbus_proxy_call(), whose answer comes by a callback, "
	  "instead of {call}()",
	  ON_WAIT,
	  .fn = "g_dbus_connection_call_sync|g_dbus_proxy_call_sync|g_dbus_connection_"
		"send_message_with_reply_sync" },
	{ "g_bus_get() and g_dbus_proxy_new() with callbacks instead of {call}()", ON_WAIT,
	  .fn = "g_bus_get_sync|g_dbus_proxy_new_sync|g_dbus_proxy_new_for_bus_sync|"
		"g_dbus_connection_new_*" },
	{ "{call}_async()", ON_WAIT,
	  .fn = "g_file_copy|g_file_move|g_file_delete|g_file_query_info|g_file_enumerate_children|"
		"g_file_read|g_file_create|g_file_replace|g_file_append_to|g_file_query_exists|"
		"g_input_stream_read|g_input_stream_read_all|g_input_stream_read_bytes|"
		"g_input_stream_skip|g_input_stream_close|g_output_stream_write|"
		"g_output_stream_write_all|g_output_stream_splice|g_output_stream_flush|"
		"g_output_stream_close|g_data_input_stream_read_line|g_file_enumerator_next_file|"
		"g_resolver_lookup_by_name|g_resolver_lookup_by_address|g_socket_client_connect|"
		"g_socket_client_connect_to_host|g_tls_connection_handshake|g_drive_eject" },
	{ "soup_session_send_async() instead of {call}()", ON_WAIT,
	  .fn = "soup_session_send|soup_session_send_message|soup_session_send_and_read" },
	{ "the asynchronous twin of {call}()", ON_WAIT, .fn = "g_*_sync|gdbus_*_sync|*_call_sync" },
	{ "g_timeout_add() instead of g_usleep()", ON(SLEEP), .fn = "g_usleep" },
	{ "a GTask, whose callback comes when it is done, instead of g_thread_join()", ON_WAIT,
	  .fn = "g_thread_join" },
	{ "g_idle_add() from the other thread instead of a queue that is waited for", ON_WAIT,
	  .fn = "g_async_queue_pop*|g_async_queue_timeout_pop*" },
	{ "g_timeout_add()", .causes = ON(SLEEP) },
	{ "g_child_watch_add()", .causes = ON(CHILD) },
	{ "g_resolver_lookup_by_name_async()", .causes = ON(DNS) },
	{ "GIO's asynchronous calls, or g_task_run_in_thread()", .causes = ON(FILE) },
	{ "GSocketConnection's asynchronous calls, or g_task_run_in_thread()",
	  .causes = ON(SOCKET) },
	{ "g_task_run_in_thread()", .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_glib = {
	.name = "glib",
	.recognise = native_recognise,
	.function = "g_main_context_iteration",
	.libraries = libraries,
	.runs_in = runs_in,
	.version = version,
	.advice = advice,
};
