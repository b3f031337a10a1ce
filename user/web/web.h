/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.h - HTTP, as the service sees it: questions of a few numbers come from a child that
 * speaks with the network, and are answered with files in memory. It never waits for that child.
 */
#ifndef BLOCKPROF_WEB_WEB_H
#define BLOCKPROF_WEB_WEB_H

#include "web/listen.h"
#include "web/wire/wire.h"

struct web;
struct zygote;

/* Writes the answer to fd, which is not its own. The status of HTTP. */
typedef int web_answer_fn(void *context, const struct web_question *question, int fd);

struct web_options {
	const struct listeners *listeners; /* outlive it */
	struct zygote *zygote;
	web_answer_fn *answer;
	void *context;
};

/* 0 or -errno: the child cannot be started. */
int web_new(struct web **out, const struct web_options *options,
	    const struct web_settings *settings);
void web_free(struct web *web); /* NULL is fine */
/* From the next request on. */
void web_set(struct web *web, const struct web_settings *settings);
/* Readable when there is something to answer; -1: there is no child. */
int web_fd(const struct web *web);
/* Answers what was asked, and starts a child that has ended again. Call when readable, and each second. */
void web_run(struct web *web);
/* How often the child was started again. */
uint64_t web_restarts(const struct web *web);

#endif
