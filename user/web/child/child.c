// SPDX-License-Identifier: GPL-2.0-or-later
/* child.c - the sandbox in which evhttp can still work, and how an answer goes out. */
#include "web/child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pass.h"
#include "base/sandbox.h"
#include "service_page.h"
#include "web/child/connections.h"
#include "web/child/last.h"
#include "web/child/request.h"

/* As that of symbolizer.c. */
#define WEB_UID 65527
/* A parent that is busy for longer than that is not well. */
#define PARENT_NS (10 * NS_PER_SEC)

/* What libevent's epoll and evhttp need. */
static const struct sandbox_call calls[] = {
	{ .number = SCMP_SYS(epoll_create1) },
	{ .number = SCMP_SYS(epoll_ctl) },
	{ .number = SCMP_SYS(epoll_wait) },
	{ .number = SCMP_SYS(epoll_pwait) }, /* epoll_wait() of arm64 */
	{ .number = SCMP_SYS(pipe2) },
	{ .number = SCMP_SYS(accept4) },
	/* which libevent tries where accept4 cannot be had, or has EINVAL */
	{ .number = SCMP_SYS(accept), .error = EINVAL },
	{ .number = SCMP_SYS(recvmsg) },
	{ .number = SCMP_SYS(sendmsg) },
	{ .number = SCMP_SYS(recvfrom) },
	{ .number = SCMP_SYS(readv) },
	{ .number = SCMP_SYS(writev) },
	{ .number = SCMP_SYS(pread64) },
	{ .number = SCMP_SYS(lseek) }, /* where a file cannot be mapped */
	{ .number = SCMP_SYS(shutdown) },
	{ .number = SCMP_SYS(ioctl), .argument = 1, .mask = UINT32_MAX, .value = FIONREAD },
	{ .number = SCMP_SYS(getsockopt) },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_GETFD },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_SETFD },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_GETFL },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_SETFL },
	/* libevent asks whether its environment is to be trusted. */
	{ .number = SCMP_SYS(getuid) },
	{ .number = SCMP_SYS(geteuid) },
	{ .number = SCMP_SYS(getgid) },
	{ .number = SCMP_SYS(getegid) },
	/* libc would like to name the interface of a client with a link-local address. */
	{ .number = SCMP_SYS(socket), .error = EACCES },
	{ .number = SCMP_SYS(openat), .error = EACCES },
	{ .number = SCMP_SYS(open), .error = EACCES },
};

static const struct sandbox sandbox = {
	.name = "blockprof-web",
	.uid = WEB_UID,
	.memory_bytes = 128ull << 20,
	.mapped_bytes = 2ull << 30, /* with the files of answers */
	.files = 64,
	.cpu_seconds = UINT64_MAX,
	.calls = calls,
	.nr_calls = sizeof(calls) / sizeof(calls[0]),
};

struct child {
	struct event_base *base;
	struct connections *connections;
	struct web_settings settings;
	uint32_t last_id;
	struct last last;
	struct window {
		struct child *child;
		struct event *end;
		struct connection *connection; /* NULL: it is free */
		struct web_question question; /* at its end */
	} windows[WEB_WINDOWS];
};

/* -- answers -- */

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void add_file_name(struct evhttp_request *request, const char *name)
{
	char value[64];

	snprintf(value, sizeof(value), "attachment; filename=\"%s\"", name);
	add_header(request, "Content-Disposition", value);
}

/* A browser asks for a password by itself where Basic is offered: our page has its own form, and comes as Bearer. */
static void add_challenges(struct evhttp_request *request)
{
	const char *given =
		evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");

	add_header(request, "WWW-Authenticate", "Bearer realm=\"blockprof\"");
	if (!given || strncasecmp(given, "Bearer", strlen("Bearer")) != 0)
		add_header(request, "WWW-Authenticate", "Basic realm=\"blockprof\"");
}

/* An answer may do nothing in a browser, our page what scripts/html-page lets it. */
#define POLICY_NOTHING \
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/* Takes body's contents. */
static void reply(struct connection *connection, struct evhttp_request *request, int status,
		  const char *type, struct evbuffer *body)
{
	const struct route *route = connection->route;
	bool is_page = status == 200 && route->is_page;
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%zu", evbuffer_get_length(body));
	add_header(request, "Content-Type", type);
	add_header(request, "Content-Length", bytes);
	add_header(request, "Connection", "close");
	add_header(request, "Cache-Control", "no-store");
	add_header(request, "X-Content-Type-Options", "nosniff");
	add_header(request, "Referrer-Policy", "no-referrer");
	add_header(request, "Content-Security-Policy", is_page ? page_policy : POLICY_NOTHING);
	if (status == 401)
		add_challenges(request);
	if (status == 405)
		add_header(request, "Allow", "GET, HEAD");
	if (status == 503)
		add_header(request, "Retry-After", "5");
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		evbuffer_drain(body, evbuffer_get_length(body));
	connections_answered(connection);
	/* which evhttp has no words for */
	evhttp_send_reply(request, status, status == 431 ? "Request Header Fields Too Large" : NULL,
			  body);
}

static void reply_text(struct connection *connection, struct evhttp_request *request, int status,
		       const char *type, const char *text, size_t bytes)
{
	struct evbuffer *body = evbuffer_new();

	if (!body || evbuffer_add(body, text, bytes))
		_exit(1);
	reply(connection, request, status, type, body);
	evbuffer_free(body);
}

static void reply_last(struct connection *connection, struct evhttp_request *request,
		       const struct last_made *made)
{
	const struct route *route = connection->route;

	reply_text(connection, request, 200, route->type, made->text, made->bytes);
}

static void refuse(struct connection *connection, struct evhttp_request *request, int status)
{
	char text[128];

	snprintf(text, sizeof(text), "%d: %s\n", status, request_words(status));
	reply_text(connection, request, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* Takes the file, on success. */
static int fill(struct evbuffer *body, int file, uint64_t bytes)
{
	if (bytes > INT64_MAX)
		return -EINVAL;
	if (bytes)
		return evbuffer_add_file(body, file, 0, (ev_off_t)bytes) ? -ENOMEM : 0;
	close(file);
	return 0;
}

/* The file has what the page's data is made of; another one may have asked for the same. */
static void reply_made(struct child *child, const struct web_message *message, int file,
		       struct connection *connection)
{
	const struct last_made *made = last_find(&child->last, connection->last);

	if (!made && message->status == 200)
		made = last_make(&child->last, connection->last, file, message->bytes);
	close(file);
	if (made)
		reply_last(connection, connection->request, made);
	else
		refuse(connection, connection->request, 503);
}

/* Takes the file. */
static void reply_file(struct child *child, const struct web_message *message, int file)
{
	struct connection *connection = connections_find(child->connections, message->id);
	struct evbuffer *body;
	const struct route *route;

	if (connection && connection->last) {
		reply_made(child, message, file, connection);
		return;
	}
	body = evbuffer_new();
	if (!body)
		_exit(1);
	if (!connection || message->status != 200 || fill(body, file, message->bytes)) {
		close(file);
		if (connection)
			refuse(connection, connection->request, 503);
	} else {
		route = connection->route;
		if (route->file)
			add_file_name(connection->request, route->file);
		reply(connection, connection->request, 200, route->type, body);
	}
	evbuffer_free(body);
}

/* -- the parent -- */

static void take_settings(struct child *child, int file)
{
	struct web_settings settings;

	if (pread(file, &settings, sizeof(settings), 0) == sizeof(settings))
		child->settings = settings;
	close(file);
}

static void hear(evutil_socket_t socket, short what, void *context)
{
	struct child *child = context;
	struct web_message message;
	int fd, err;

	(void)what;
	while (!(err = pass_receive(socket, false, &message, sizeof(message), &fd, 1))) {
		if (message.say == WEB_SETTINGS)
			take_settings(child, fd);
		else if (message.say == WEB_ANSWER)
			reply_file(child, &message, fd);
		else if (connections_listen(child->connections, fd, message.is_unix))
			_exit(1);
	}
	if (err != -EAGAIN)
		_exit(0);
}

/* -- requests -- */

static struct request_head head_of(struct evhttp_request *request, bool is_unix)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *length = evhttp_find_header(headers, "Content-Length");
	enum evhttp_cmd_type command = evhttp_request_get_command(request);
	struct request_head head = {
		.target = evhttp_request_get_uri(request),
		.host = evhttp_find_header(headers, "Host"),
		.accept = evhttp_find_header(headers, "Accept"),
		.authorization = evhttp_find_header(headers, "Authorization"),
		.reads = command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD,
		.has_body = (length && strcmp(length, "0") != 0) ||
			    evhttp_find_header(headers, "Transfer-Encoding"),
		.trusted = is_unix,
	};
	struct evkeyval *header;

	head.bytes = strlen(head.target);
	TAILQ_FOREACH(header, headers, next)
	head.bytes += strlen(header->key) + strlen(header->value) + 4;
	return head;
}

/* 0 or -errno. It gets a number. */
static int send_question(struct child *child, struct web_question *question)
{
	question->id = ++child->last_id;
	return pass_send(SANDBOX_FIRST, question, sizeof(*question), NULL, 0);
}

static void ask(struct child *child, struct connection *connection, struct evhttp_request *http,
		struct web_question question)
{
	if (send_question(child, &question))
		refuse(connection, http, 503);
	else
		connections_wait(connection, http, question.id, PARENT_NS);
}

static void end_window(evutil_socket_t fd, short what, void *context)
{
	struct window *window = context;
	struct connection *connection = window->connection;

	(void)fd;
	(void)what;
	connection->window = 0;
	window->connection = NULL;
	ask(window->child, connection, connection->request, window->question);
}

/* Its client has gone. */
static void give_up_window(struct child *child, struct connection *connection)
{
	struct window *window = &child->windows[connection->window - 1];
	struct web_question question = { .kind = WEB_WINDOW_END, .window = connection->window };

	evtimer_del(window->end);
	window->connection = NULL;
	connection->window = 0;
	send_question(child, &question);
}

static void wait_window(struct child *child, struct connection *connection,
			struct evhttp_request *http, const struct request *request)
{
	const struct timeval length = { .tv_sec = (time_t)request->seconds };
	struct web_question question = { .kind = WEB_WINDOW_BEGIN };
	struct window *window = child->windows;

	while (window < child->windows + WEB_WINDOWS && window->connection)
		window++;
	question.window = (uint64_t)(window - child->windows) + 1;
	if (question.window > WEB_WINDOWS || send_question(child, &question)) {
		refuse(connection, http, 503);
		return;
	}
	window->connection = connection;
	window->question = request->question;
	window->question.window = question.window;
	connection->window = (unsigned int)question.window;
	connections_wait(connection, http, 0, request->seconds * NS_PER_SEC + PARENT_NS);
	evtimer_add(window->end, &length);
}

static void ask_last(struct child *child, struct connection *connection,
		     struct evhttp_request *http, const struct request *request)
{
	const struct last_made *made = last_find(&child->last, request->last);
	struct web_question question = request->question;

	connection->last = request->last;
	question.since_ns = clock_read_ns(CLOCK_REALTIME) - request->last * NS_PER_SEC;
	if (made)
		reply_last(connection, http, made);
	else
		ask(child, connection, http, question);
}

static void on_request(void *context, struct connection *connection, struct evhttp_request *http,
		       bool is_unix)
{
	struct child *child = context;
	const struct request_head head = head_of(http, is_unix);
	struct request request;
	int status = request_judge(&head, &child->settings, &request);

	connection->route = request.route;
	connection->known |= status == 200 && request_is_known(&request);
	if (status != 200)
		refuse(connection, http, status);
	else if (request.route->is_page)
		reply_text(connection, http, 200, request.route->type, page_text,
			   sizeof(page_text) - 1);
	else if (request.last)
		ask_last(child, connection, http, &request);
	else if (request.seconds)
		wait_window(child, connection, http, &request);
	else
		ask(child, connection, http, request.question);
}

static void on_late(void *context, struct connection *connection)
{
	if (connection->window)
		give_up_window(context, connection);
	refuse(connection, connection->request, 503);
}

void web_child_main(const int *fds, size_t nr, pid_t parent)
{
	struct child child = { 0 };
	struct event *heard;

	/* these read files, which the date of an answer and the first JSON would want later */
	tzset();
	json_object_seed(0);
	if (sandbox_enter(&sandbox, fds, nr > 1 ? 1 : nr, parent))
		_exit(1);
	child.base = event_base_new();
	if (!child.base || connections_new(&child.connections, child.base, on_late, &child))
		_exit(1);
	for (size_t i = 0; i < WEB_WINDOWS; i++) {
		child.windows[i].child = &child;
		child.windows[i].end = evtimer_new(child.base, end_window, &child.windows[i]);
		if (!child.windows[i].end)
			_exit(1);
	}
	connections_on_request(child.connections, on_request, &child);
	heard = event_new(child.base, SANDBOX_FIRST, EV_READ | EV_PERSIST, hear, &child);
	if (!heard || event_add(heard, NULL))
		_exit(1);
	event_base_dispatch(child.base);
	_exit(1);
}
