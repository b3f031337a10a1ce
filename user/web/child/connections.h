/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connections.h - who is connected. As many as there are places; each has to have sent its
 * request, and to have taken its answer, by a moment that no byte sent meanwhile puts off.
 */
#ifndef BLOCKPROF_WEB_CHILD_CONNECTIONS_H
#define BLOCKPROF_WEB_CHILD_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct event_base;
struct evhttp;
struct evhttp_request;

#define CONNECTIONS_MAX 16

struct connection {
	struct bufferevent *buffer; /* NULL: the place is free */
	bool known; /* it came by a unix socket, or with the token */
	bool answered;
	uint64_t since_ns; /* when it was let in, or answered */
	uint64_t deadline_ns;
	struct evhttp_request *request; /* that waits for its answer; NULL: none does */
	uint32_t id; /* of its question */
	const void *route; /* of its request */
	uint64_t last; /* of its request, likewise */
	unsigned int window; /* that it waits for the end of; 0: for none */
};

struct connections;

/* Called for each whose request's time is over: it has to get an answer at once. */
typedef void connections_late_fn(void *context, struct connection *connection);

int connections_new(struct connections **out, struct event_base *base, connections_late_fn *late,
		    void *context);
/* Serves what comes in by a listening socket. 0 or -ENOMEM. */
int connections_listen(struct connections *connections, int fd, bool is_unix);
/* Calls this for each request that has come whole. */
typedef void connections_request_fn(void *context, struct connection *connection,
				    struct evhttp_request *request, bool is_unix);
void connections_on_request(struct connections *connections, connections_request_fn *fn,
			    void *context);
/* It is to have an answer in so long. */
void connections_wait(struct connection *connection, struct evhttp_request *request, uint32_t id,
		      uint64_t most_ns);
/* Its answer is on the way. */
void connections_answered(struct connection *connection);
/* Who waits for the answer to that question; NULL: nobody any more. */
struct connection *connections_find(struct connections *connections, uint32_t id);

#endif
