// SPDX-License-Identifier: GPL-2.0-or-later
/* libevent.c - libevent's event_base_loop(): epoll, or poll and select where it was told so. */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libevent-", "libevent_core-", "libevent.so",
					 "libevent_core.so", NULL };
static const char *const runs_in[] = { "event_base_loop", NULL };

/* "2.1" of libevent-2.1.so.7.0.1: no more is in the file's name */
static int version(struct program *program, char *version, size_t size)
{
	int err = native_library_version(program, "libevent-", ".so", version, size);

	return err ? native_library_version(program, "libevent_core-", ".so", version, size) : 0;
}

/* Programs that it is linked into, and whose symbols are stripped. */
static const char *const programs[] = {
	"envoy",	   "transmission-daemon", "transmission-gtk",
	"transmission-qt", "transmission-cli",	  NULL
};

static const struct advice rows[] = {
	{ "evtimer_add() instead of a sleep", .causes = ON(SLEEP) },
	{ "evdns_getaddrinfo()", .causes = ON(DNS) },
	{ "bufferevent_socket_connect() and its callbacks", .causes = ON(SOCKET) },
	{ "a thread, and event_active() when it is done",
	  .causes = ON(FILE) | ON(CPU) | ON(CHILD) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_libevent = {
	.name = "libevent",
	.recognise = native_recognise,
	.programs = programs,
	.function = "event_base_loop",
	.libraries = libraries,
	.runs_in = runs_in,
	.waits_by_epoll = true,
	.version = version,
	.advice = advice,
};
