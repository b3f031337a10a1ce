// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * connections.c - when a connection is over, which evhttp does not say of those that never
 * sent a whole request, and when its time is up, which evhttp counts anew with each byte.
 */
#include "web/child/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/clock.h"

#define SOCKETS_MAX 4
#define REQUEST_NS  (5 * NS_PER_SEC)
#define ANSWER_NS   (30 * NS_PER_SEC)
/* Where all places are taken, of strangers: one user's could keep everyone else out. */
#define REQUEST_FULL_NS (50 * NS_PER_MS)
#define ANSWER_FULL_NS	(2 * NS_PER_SEC)
#define SWEEP_MS	100
#define FULL_MS		10 /* others wait to be let in */
/* More than a request may have, which is answered with words; far more is cut off by evhttp. */
#define HEADER_BYTES (64 * 1024)
#define BODY_BYTES   (8 * 1024)

struct socket {
	struct connections *all;
	struct evhttp *http;
	struct evconnlistener *listener;
	bool is_unix;
};

struct connections {
	struct event_base *base;
	struct event *sweep;
	struct connection v[CONNECTIONS_MAX];
	size_t nr;
	bool full; /* nobody is let in */
	struct socket sockets[SOCKETS_MAX];
	size_t nr_sockets;
	connections_late_fn *late;
	void *late_context;
	connections_request_fn *on_request;
	void *request_context;
};

static void let_in(struct connections *connections, bool in)
{
	connections->full = !in;
	for (size_t i = 0; i < connections->nr_sockets; i++) {
		struct evconnlistener *listener = connections->sockets[i].listener;

		if (in)
			evconnlistener_enable(listener);
		else
			evconnlistener_disable(listener);
	}
}

static void sweep_later(struct connections *connections)
{
	const struct timeval later = {
		.tv_usec = (connections->full ? FULL_MS : SWEEP_MS) * 1000,
	};

	evtimer_add(connections->sweep, &later);
}

/* libevent does not say of a listener whose it is. */
static struct connections *only;

/* There is no descriptor, or no memory, and whoever waits goes on to: without a pause it would be tried all the time. */
static void cannot_accept(struct evconnlistener *listener, void *context)
{
	(void)listener;
	(void)context;
	let_in(only, false);
	sweep_later(only);
}

/* evhttp takes its callbacks off what it lets go of. */
static bool is_over(const struct connection *connection)
{
	bufferevent_data_cb reads;
	bufferevent_event_cb happens;

	bufferevent_getcb(connection->buffer, &reads, NULL, &happens, NULL);
	return !reads && !happens;
}

static void forget(struct connections *connections, struct connection *connection)
{
	bufferevent_decref(connection->buffer);
	*connection = (struct connection){ 0 };
	connections->nr--;
}

static void forget_ended(struct connections *connections)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections->v[i].buffer && is_over(&connections->v[i]))
			forget(connections, &connections->v[i]);
}

/* Has whoever waits for an answer hung up? evhttp reads nothing meanwhile. */
static bool has_left(const struct connection *connection)
{
	char byte;

	return connection->request &&
	       recv(bufferevent_getfd(connection->buffer), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* It could be done by now, and takes a place that others wait for. */
static bool is_in_the_way(const struct connections *connections,
			  const struct connection *connection, uint64_t now_ns)
{
	uint64_t most_ns = connection->answered ? ANSWER_FULL_NS : REQUEST_FULL_NS;

	return connections->full && !connection->known && !connection->request &&
	       now_ns - connection->since_ns >= most_ns;
}

static void look_at(struct connections *connections, struct connection *connection)
{
	uint64_t now_ns = clock_now_ns();

	if (now_ns < connection->deadline_ns && !has_left(connection) &&
	    !is_in_the_way(connections, connection, now_ns))
		return;
	if (connection->request) {
		connections->late(connections->late_context, connection);
		return;
	}
	/* evhttp finds that it has ended */
	shutdown(bufferevent_getfd(connection->buffer), SHUT_RDWR);
}

static void sweep(evutil_socket_t fd, short what, void *context)
{
	struct connections *connections = context;

	(void)fd;
	(void)what;
	forget_ended(connections);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections->v[i].buffer)
			look_at(connections, &connections->v[i]);
	if (connections->full && connections->nr < CONNECTIONS_MAX)
		let_in(connections, true);
	if (connections->nr)
		sweep_later(connections);
}

/* The buffer of a connection that begins. */
static struct bufferevent *begin(struct event_base *base, void *context)
{
	struct socket *socket = context;
	struct connections *connections = socket->all;
	struct bufferevent *buffer = bufferevent_socket_new(base, -1, 0);
	struct connection *free_one = connections->v;

	if (!buffer)
		return NULL;
	forget_ended(connections);
	while (free_one->buffer)
		free_one++;
	bufferevent_incref(buffer);
	*free_one = (struct connection){
		.buffer = buffer,
		.known = socket->is_unix,
		.since_ns = clock_now_ns(),
		.deadline_ns = clock_now_ns() + REQUEST_NS,
	};
	connections->nr++;
	if (connections->nr == CONNECTIONS_MAX)
		let_in(connections, false);
	if (connections->full || !evtimer_pending(connections->sweep, NULL))
		sweep_later(connections);
	return buffer;
}

static void take(struct evhttp_request *request, void *context)
{
	struct socket *socket = context;
	struct connections *connections = socket->all;
	struct bufferevent *buffer =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections->v[i].buffer == buffer)
			connections->on_request(connections->request_context, &connections->v[i],
						request, socket->is_unix);
}

int connections_new(struct connections **out, struct event_base *base, connections_late_fn *late,
		    void *context)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	*out = connections;
	if (!connections)
		return -ENOMEM;
	connections->base = base;
	connections->late = late;
	connections->late_context = context;
	only = connections;
	connections->sweep = evtimer_new(base, sweep, connections);
	return connections->sweep ? 0 : -ENOMEM;
}

void connections_on_request(struct connections *connections, connections_request_fn *fn,
			    void *context)
{
	connections->on_request = fn;
	connections->request_context = context;
}

int connections_listen(struct connections *connections, int fd, bool is_unix)
{
	struct socket *socket = &connections->sockets[connections->nr_sockets];
	struct evhttp_bound_socket *bound;

	if (connections->nr_sockets == SOCKETS_MAX)
		return -ENOMEM;
	*socket = (struct socket){ .all = connections,
				   .http = evhttp_new(connections->base),
				   .is_unix = is_unix };
	if (!socket->http)
		return -ENOMEM;
	evhttp_set_max_headers_size(socket->http, HEADER_BYTES);
	evhttp_set_max_body_size(socket->http, BODY_BYTES);
	/* all of them come to us, and are refused in our words */
	evhttp_set_allowed_methods(socket->http, UINT16_MAX);
	evhttp_set_bevcb(socket->http, begin, socket);
	evhttp_set_gencb(socket->http, take, socket);
	bound = evhttp_accept_socket_with_handle(socket->http, fd);
	if (!bound) {
		evhttp_free(socket->http);
		return -ENOMEM;
	}
	socket->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(socket->listener, cannot_accept);
	connections->nr_sockets++;
	return 0;
}

void connections_wait(struct connection *connection, struct evhttp_request *request, uint32_t id,
		      uint64_t most_ns)
{
	connection->request = request;
	connection->id = id;
	connection->deadline_ns = clock_now_ns() + most_ns;
}

void connections_answered(struct connection *connection)
{
	connection->request = NULL;
	connection->answered = true;
	connection->since_ns = clock_now_ns();
	connection->deadline_ns = clock_now_ns() + ANSWER_NS;
}

struct connection *connections_find(struct connections *connections, uint32_t id)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections->v[i].request && connections->v[i].id == id)
			return &connections->v[i];
	return NULL;
}
