/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - what a request asks for, and whether it may: strings of strangers in, decisions out. */
#ifndef BLOCKPROF_WEB_CHILD_REQUEST_H
#define BLOCKPROF_WEB_CHILD_REQUEST_H

#include <stdbool.h>

#include "web/wire/wire.h"

/* A row of request.c. */
struct route {
	const char *path;
	const char *type; /* of the content */
	const char *file; /* as which it is to be saved; NULL: it is not */
	bool is_page; /* the same for everyone: the parent is not asked */
	enum web_kind kind;
};

struct request {
	const struct route *route;
	struct web_question question;
	uint64_t seconds; /* that it waits before it asks; 0: not at all */
	uint64_t last; /* seconds that the page is to show; 0: it is not asked for */
};

/* What of the request line and the headers matters. NULL: not there. */
struct request_head {
	const char *target; /* path and query */
	const char *host;
	const char *accept;
	const char *authorization;
	bool reads; /* GET or HEAD */
	bool has_body;
	bool trusted; /* by a unix socket */
	unsigned long bytes; /* of request line and headers */
};

#define REQUEST_BYTES_MAX 8192

/* The status that it gets at once, or 200: it is to be answered. */
int request_judge(const struct request_head *head, const struct web_settings *settings,
		  struct request *out);
/* Who may have the answer has shown that: not everyone may. Of one that is to be answered. */
bool request_is_known(const struct request *request);
/* Why, for the answer's text. */
const char *request_words(int status);

#endif
