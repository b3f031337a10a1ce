// SPDX-License-Identifier: GPL-2.0-or-later
/* borrowers.c - the client libraries that wait for an answer as a loop waits for events. */
#include "runtime/borrowers.h"

#include "base/strings.h"
#include "runtime/program.h"
#include "runtime/runtime.h"

#define POLLS (1u << BP_WAIT_POLL | 1u << BP_WAIT_SELECT)
#define ANY   (~0u)

/* A file whose own code makes such waits: nothing but calls of its clients. */
struct client {
	const char *library; /* how its name begins */
	unsigned int classes; /* of those waits; it may have a loop that waits otherwise */
	const char *against;
};

#define WAITS(name) name " waits here for the answer to one call"
#define CLIENT(name, library, classes)        \
	{                                     \
		library, classes, WAITS(name) \
	}

static const struct client clients[] = {
	CLIENT("libcurl", "libcurl.", ANY),
	CLIENT("libcurl", "libcurl-", ANY),
	CLIENT("libpq", "libpq.", ANY),
	CLIENT("libpq", "libpq-", ANY),
	CLIENT("the MySQL client", "libmysqlclient", ANY),
	CLIENT("the MariaDB client", "libmariadb", ANY),
	CLIENT("libhiredis", "libhiredis", ANY),
	CLIENT("librdkafka", "librdkafka", ANY),
	CLIENT("gRPC's completion queue", "libgrpc", ANY),
	CLIENT("gRPC's completion queue", "cygrpc.", ANY),
	/* its threads for I/O have epoll loops */
	CLIENT("libzmq", "libzmq", POLLS),
	CLIENT("libdbus", "libdbus-1.", POLLS),
	/* sd-event has an epoll loop */
	CLIENT("sd-bus", "libsystemd.", POLLS),
	CLIENT("libldap", "libldap", ANY),
	CLIENT("libssh2", "libssh2.", ANY),
	CLIENT("libasound", "libasound.", ANY),
	/* a GSocket's; its main contexts wait in GLib */
	CLIENT("GIO", "libgio-2.0.", POLLS),
	CLIENT("Qt's network", "libQt5Network.", POLLS),
	CLIENT("Qt's network", "libQt6Network.", POLLS),
	CLIENT("the JVM's libnet", "libnet.so", POLLS),
};

/* Functions that wait for one answer, in files that may have loops as well, or in the executable. */
#define CALLS(X)                                                     \
	X("g_dbus_connection_send_message_with_reply_sync", "GDBus") \
	X("g_dbus_connection_call_sync", "GDBus")                    \
	X("g_bus_get_sync", "GDBus")                                 \
	X("g_subprocess_wait", "GSubprocess")                        \
	X("g_subprocess_communicate", "GSubprocess")                 \
	X("g_subprocess_communicate_utf8", "GSubprocess")            \
	X("g_spawn_sync", "g_spawn_sync()")                          \
	X("QProcess::waitForStarted", "QProcess")                    \
	X("QProcess::waitForReadyRead", "QProcess")                  \
	X("QProcess::waitForBytesWritten", "QProcess")               \
	X("QProcess::waitForFinished", "QProcess")                   \
	X("xcb_wait_for_reply", "libxcb")                            \
	X("xcb_wait_for_reply64", "libxcb")                          \
	X("xcb_request_check", "libxcb")                             \
	X("wl_display_roundtrip", "libwayland-client")               \
	X("wl_display_roundtrip_queue", "libwayland-client")         \
	X("curl_easy_perform", "libcurl")                            \
	X("curl_multi_poll", "libcurl")                              \
	X("curl_multi_wait", "libcurl")                              \
	X("PQexec", "libpq")                                         \
	X("PQgetResult", "libpq")                                    \
	X("zmq_poll", "libzmq")                                      \
	X("zmq_recv", "libzmq")                                      \
	X("zmq_msg_recv", "libzmq")                                  \
	X("dbus_connection_send_with_reply_and_block", "libdbus")    \
	X("sd_bus_call", "sd-bus")                                   \
	X("mysql_real_query", "the MySQL client")                    \
	X("grpc_completion_queue_next", "gRPC's completion queue")   \
	X("grpc_completion_queue_pluck", "gRPC's completion queue")

#define FUNCTION(function, name) function,
#define SENTENCE(function, name) WAITS(name),

static const char *const sentences[] = { CALLS(SENTENCE) };

#define NR_CALLS (int)(sizeof(sentences) / sizeof(sentences[0]))

/* After those: the loops that may wait on their behalf, or be further in than they are. */
static const char *const functions[] = { CALLS(FUNCTION) "g_main_loop_run",
					 "g_main_context_iteration",
					 "QEventLoop::exec",
					 "uv_run",
					 "ev_run",
					 "event_base_loop",
					 NULL };

/* Those that a call may run on a context of its own. */
static bool is_private(int which)
{
	return starts_with(functions[which], "g_main_");
}

static const char *const libraries[] = {
	"libglib-2.0.", "libgio-2.0.",	      "libQt5Core.", "libQt6Core.",
	"libxcb.",	"libwayland-client.", NULL
};

/* One of each library that may be linked in: names in a large executable are looked for only where there is one. */
static const char *const linked[] = { "curl_easy_perform",
				      "PQgetResult",
				      "zmq_msg_recv",
				      "dbus_connection_send_with_reply_and_block",
				      "sd_bus_call",
				      "mysql_real_query",
				      "grpc_completion_queue_next" };

#define NR_LINKED (sizeof(linked) / sizeof(linked[0]))

void borrowers_functions(struct program_functions *out)
{
	for (size_t i = 0; i < NR_LINKED && out->nr < PROGRAM_FUNCTIONS_MAX; i++)
		out->names[out->nr++] = linked[i];
}

static bool has_linked(struct program *program)
{
	for (size_t i = 0; i < NR_LINKED; i++)
		if (program_defines(program, linked[i]))
			return true;
	return false;
}

static const char *by_file(const char *file, unsigned int wait_class)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		if (starts_with(file, clients[i].library) && clients[i].classes >> wait_class & 1)
			return clients[i].against;
	return NULL;
}

static const char *by_calls(const struct moment *moment, uint64_t sp, bool executable,
			    bool *runs_loop)
{
	const struct program_functions_in in = { functions, executable, libraries };
	int calls[2];
	size_t nr = program_calls(moment->program, sp, &in, calls, 2);

	if (nr > 0 && calls[0] < NR_CALLS)
		return sentences[calls[0]];
	*runs_loop = nr > 1 && is_private(calls[0]) && calls[1] < NR_CALLS;
	return *runs_loop ? sentences[calls[1]] : NULL;
}

const char *native_borrows(const struct moment *moment, uint64_t sp, bool *runs_loop)
{
	unsigned int wait_class = moment->candidate ? moment->candidate->wait_class
				  : moment->block   ? moment->block->wait_class
						    : BP_WAIT_NONE;
	const char *caller = program_caller(moment->program, sp), *against;

	*runs_loop = false;
	if (!caller)
		return NULL;
	against = by_file(base_name(caller), wait_class);
	if (against)
		return against;
	for (const char *const *prefix = libraries; *prefix; prefix++)
		if (starts_with(base_name(caller), *prefix))
			return by_calls(moment, sp, false, runs_loop);
	if (*caller || !has_linked(moment->program))
		return NULL;
	return by_calls(moment, sp, true, runs_loop);
}

const char *native_borrowed_by(const struct moment *moment, uint64_t sp)
{
	bool runs_loop;

	return native_borrows(moment, sp, &runs_loop);
}
