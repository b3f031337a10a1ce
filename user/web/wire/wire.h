/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - all that goes between the service and its web child: packets of one size each way.
 * The child asks; what it gets is a file in memory that nobody can change any more.
 */
#ifndef BLOCKPROF_WEB_WIRE_WIRE_H
#define BLOCKPROF_WEB_WIRE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

/* A new kind takes a row in wire.c. */
enum web_kind {
	WEB_HEALTH,
	WEB_METRICS, /* in Prometheus' text format 0.0.4 */
	WEB_OPENMETRICS,
	WEB_STALLS, /* the last: limit, since_ns */
	WEB_LOOPS,
	WEB_LAST, /* what the page shows: since_ns. A recording, which the child makes the page's data of */
	WEB_BLOCK, /* the profile: window */
	WEB_BLOCK_ALL, /* with all labels */
	WEB_FOLDED,
	WEB_WINDOW_BEGIN, /* from here on; nobody is answered */
	WEB_WINDOW_END,
	WEB_KIND_NR,
};

#define WEB_STALLS_MAX	1000
#define WEB_WINDOWS	4 /* at a time, from 1 on */
#define WEB_SECONDS_MAX 300 /* of a window */
#define WEB_LAST_MAX	3600ull /* seconds */
#define WEB_MOMENTS_MAX 60ull /* of what is asked for again and again while it is looked at */

struct web_question {
	uint32_t id; /* comes back with the answer */
	uint32_t kind; /* enum web_kind */
	uint64_t limit;
	uint64_t since_ns; /* CLOCK_REALTIME */
	uint64_t window; /* what came since it began; 0: all */
};

/* 0; -EINVAL: nobody asks so. */
int web_question_check(const struct web_question *question);
/* Is the answer one that everybody may see who can connect? */
bool web_kind_is_open(enum web_kind kind);

enum web_say {
	WEB_SETTINGS, /* the descriptor is a file with a struct web_settings */
	WEB_LISTEN, /* it is a socket to take connections from */
	WEB_ANSWER, /* it is a file with the answer */
};

/* To the child, each with one descriptor. */
struct web_message {
	uint32_t say; /* enum web_say */
	uint32_t id; /* ANSWER: of the question */
	uint32_t status; /* ANSWER: of HTTP */
	uint32_t is_unix; /* LISTEN */
	uint64_t bytes; /* of the file */
};

#define WEB_HOSTS_MAX  16
#define WEB_HOST_BYTES 256

#define WEB_TOKEN_BYTES 128

struct web_settings {
	uint32_t metrics_only; /* and /healthz */
	char token
		[WEB_TOKEN_BYTES]; /* zeroes behind it; "": there is none, and nobody may read more */
	uint32_t nr_hosts; /* names that the Host header may have */
	char hosts[WEB_HOSTS_MAX][WEB_HOST_BYTES];
};

#endif
