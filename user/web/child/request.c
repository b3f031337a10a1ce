// SPDX-License-Identifier: GPL-2.0-or-later
/* request.c - the table of paths, and in which order a request is refused. */
#include "web/child/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "web/child/accept.h"
#include "web/child/authorization.h"
#include "web/child/query.h"

#define TEXT_TYPE      "text/plain; charset=utf-8"
#define LINES_TYPE     "application/x-ndjson"
#define STALLS_DEFAULT 100

static const struct route routes[] = {
	{ "/", "text/html; charset=utf-8", .is_page = true },
	{ "/healthz", TEXT_TYPE, .kind = WEB_HEALTH },
	{ "/debug/pprof/block", "application/octet-stream", .file = "block", .kind = WEB_BLOCK },
	{ "/folded", TEXT_TYPE, .kind = WEB_FOLDED },
	{ "/stalls", LINES_TYPE, .kind = WEB_STALLS },
	{ "/loops", LINES_TYPE, .kind = WEB_LOOPS },
	{ "/last", "application/json", .kind = WEB_LAST },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", .kind = WEB_METRICS },
};

/* The same path, for who accepts it. */
static const struct route openmetrics = {
	"/metrics",
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
	.kind = WEB_OPENMETRICS,
};

static const struct route *find_route(const char *path, size_t bytes)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strlen(routes[i].path) == bytes && !memcmp(routes[i].path, path, bytes))
			return &routes[i];
	return NULL;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits <= 5 && !text[digits];
}

/* Without port and brackets; false: it has another form. */
static bool split_host(const char *host, char name[WEB_HOST_BYTES])
{
	bool bracketed = *host == '[';
	const char *start = host + bracketed, *end = strchr(start, bracketed ? ']' : ':');
	size_t bytes = end ? (size_t)(end - start) : strlen(start);

	if ((bracketed && !end) || !bytes || bytes >= WEB_HOST_BYTES)
		return false;
	memcpy(name, start, bytes);
	name[bytes] = '\0';
	end = end ? end + bracketed : "";
	return !*end || (*end == ':' && is_port(end + 1));
}

/*
 * A page of another site can have its name lead to our address and then read us as its own
 * (DNS rebinding): a name that is not known to be ours is refused.
 */
static bool is_our_name(const char *host, const struct web_settings *settings)
{
	char name[WEB_HOST_BYTES];
	struct in6_addr address;

	if (!split_host(host, name))
		return false;
	if (*host == '[')
		return inet_pton(AF_INET6, name, &address) == 1;
	if (inet_pton(AF_INET, name, &address) == 1)
		return true;
	if (!strcasecmp(name, "localhost"))
		return true;
	for (uint32_t i = 0; i < settings->nr_hosts && i < WEB_HOSTS_MAX; i++)
		if (!strcasecmp(name, settings->hosts[i]))
			return true;
	return false;
}

/* 200 or 400. */
static int take_profile(const char *query, struct request *request)
{
	char labels[QUERY_VALUE_BYTES] = "";
	int err = query_text(query, "labels", labels);

	if (query_number(query, "seconds", WEB_SECONDS_MAX, &request->seconds))
		return 400;
	if (err == -ENOENT)
		return 200;
	if (err || strcmp(labels, "all") != 0)
		return 400;
	if (request->question.kind == WEB_BLOCK)
		request->question.kind = WEB_BLOCK_ALL;
	return 200;
}

/* What a question has besides its kind. 200 or 400. */
static int take_parameters(const char *target, struct request *request)
{
	struct web_question *question = &request->question;
	const char *mark = strchr(target, '?'), *query = mark ? mark + 1 : NULL;

	if (question->kind == WEB_BLOCK || question->kind == WEB_FOLDED)
		return take_profile(query, request);
	if (question->kind == WEB_LAST) {
		request->last = WEB_LAST_MAX;
		return query_number(query, "seconds", WEB_LAST_MAX, &request->last) ? 400 : 200;
	}
	if (question->kind != WEB_STALLS)
		return 200;
	question->limit = STALLS_DEFAULT;
	if (query_number(query, "limit", WEB_STALLS_MAX, &question->limit) ||
	    query_time(query, "since", &question->since_ns))
		return 400;
	return 200;
}

static bool is_open(const struct route *route)
{
	return route->is_page || web_kind_is_open(route->kind);
}

bool request_is_known(const struct request *request)
{
	return !is_open(request->route);
}

/* 200, 401 or 403. */
static int judge_reader(const struct request_head *head, const struct web_settings *settings,
			const struct route *route)
{
	bool open = is_open(route);

	if (settings->metrics_only && (route->is_page || !open))
		return 403;
	if (open || head->trusted || authorization_has(head->authorization, settings->token))
		return 200;
	return 401;
}

int request_judge(const struct request_head *head, const struct web_settings *settings,
		  struct request *out)
{
	size_t path_bytes = strcspn(head->target, "?");
	int status;

	*out = (struct request){ 0 };
	if (head->bytes > REQUEST_BYTES_MAX)
		return 431;
	if (!head->reads)
		return 405;
	if (head->has_body)
		return 413;
	if (!head->trusted && !head->host)
		return 400;
	if (!head->trusted && !is_our_name(head->host, settings))
		return 403;
	out->route = find_route(head->target, path_bytes);
	if (!out->route)
		return 404;
	if (out->route->kind == WEB_METRICS && accept_openmetrics(head->accept))
		out->route = &openmetrics;
	status = judge_reader(head, settings, out->route);
	if (status != 200)
		return status;
	out->question.kind = out->route->kind;
	return take_parameters(head->target, out);
}

const char *request_words(int status)
{
	switch (status) {
	case 400:
		return "a parameter or the Host header cannot be used";
	case 401:
		return "this wants the token: see --token-file";
	case 403:
		return "not by this name (--allow-host), or not here (--read-only-metrics)";
	case 404:
		return "no such page";
	case 405:
		return "GET and HEAD only";
	case 413:
		return "no request here has a body";
	case 431:
		return "the request is too long";
	default:
		return "not now";
	}
}
