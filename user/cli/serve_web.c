// SPDX-License-Identifier: GPL-2.0-or-later
/* serve_web.c - which question is answered by whom, and what is said where HTTP cannot be had. */
#include "cli/serve_web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"

static int write_text(int fd, const char *text)
{
	ssize_t bytes = (ssize_t)strlen(text);

	return write(fd, text, (size_t)bytes) == bytes ? 200 : 503;
}

static int write_metrics(const struct serve_web *web, int fd, bool openmetrics)
{
	int own = dup(fd), err = -EIO;
	FILE *out = own < 0 ? NULL : fdopen(own, "w");

	if (out)
		err = metrics_write(web->metrics, out, openmetrics);
	else if (own >= 0)
		close(own);
	if (out && fclose(out))
		err = -EIO;
	return err ? 503 : 200;
}

/* web_answer_fn */
static int answer(void *context, const struct web_question *question, int fd)
{
	struct serve_web *web = context;

	switch ((enum web_kind)question->kind) {
	case WEB_HEALTH:
		/* whoever answers has the probes in place and reads their records */
		return write_text(fd, "ok\n");
	case WEB_METRICS:
	case WEB_OPENMETRICS:
		return write_metrics(web, fd, question->kind == WEB_OPENMETRICS);
	default:
		return 503;
	}
}

static struct web_settings settings_of(const struct serve_options *options)
{
	struct web_settings settings = { .nr_hosts = options->nr_hosts };

	for (uint32_t i = 0; i < options->nr_hosts; i++)
		snprintf(settings.hosts[i], sizeof(settings.hosts[i]), "%s", options->hosts[i]);
	return settings;
}

/* Its own address is taken where it can be had: another service may run already. */
static int open_listeners(struct serve_web *web, const struct serve_options *options)
{
	const char *where = options->listen ? options->listen : SERVE_LISTEN;
	int err;

	listen_passed(&web->listeners);
	if (web->listeners.nr)
		return 0;
	err = listen_on(&web->listeners, where);
	if (!err)
		return 0;
	if (options->listen) {
		message_error("cannot listen on %s: %s; give another --listen", where,
			      strerror(-err));
		return err;
	}
	message_warn("nobody is answered over HTTP: %s on %s; give another --listen, or enable "
		     "blockprof.socket",
		     strerror(-err), where);
	return 0;
}

int serve_web_open(struct serve_web *web, const struct serve_options *options,
		   struct zygote *zygote)
{
	const struct web_settings settings = settings_of(options);
	const struct web_options wanted = {
		.listeners = &web->listeners,
		.zygote = zygote,
		.answer = answer,
		.context = web,
	};
	int err = metrics_new(&web->metrics);

	if (!err)
		err = open_listeners(web, options);

	if (err || !web->listeners.nr)
		return err;
	err = web_new(&web->web, &wanted, &settings);
	if (err)
		message_error("cannot answer over HTTP: %s; try again", strerror(-err));
	return err;
}

void serve_web_close(struct serve_web *web)
{
	web_free(web->web);
	listen_close(&web->listeners);
	metrics_free(web->metrics);
}

void serve_web_set(struct serve_web *web, const struct serve_options *options)
{
	const struct web_settings settings = settings_of(options);

	if (web->web)
		web_set(web->web, &settings);
}

size_t serve_web_fds(const struct serve_web *web, struct pollfd *fds)
{
	int fd = web->web ? web_fd(web->web) : -1;

	fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return fd >= 0 ? 1 : 0;
}

void serve_web_run(struct serve_web *web)
{
	uint64_t restarts;

	if (!web->web)
		return;
	web_run(web->web);
	restarts = web_restarts(web->web);
	if (restarts != web->told_restarts)
		message_warn("the process that speaks HTTP ended, and was started again");
	web->told_restarts = restarts;
}

static void count_loop(void *context, const struct engine_loop *loop)
{
	metrics_live_loop(context, loop->id);
}

void serve_web_tick(struct serve_web *web, struct engine *engine)
{
	metrics_begin_loops(web->metrics);
	engine_each_loop(engine, count_loop, web->metrics);
}
