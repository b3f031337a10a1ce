// SPDX-License-Identifier: GPL-2.0-or-later
/* serve_web.c - which question is answered by whom, and what is said where HTTP cannot be had. */
#include "cli/serve_web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "cli/message.h"
#include "recording/encode.h"
#include "web/token.h"

#define ANSWER_BUFFER_BYTES 65536

static int write_text(int fd, const char *text)
{
	ssize_t bytes = (ssize_t)strlen(text);

	return write(fd, text, (size_t)bytes) == bytes ? 200 : 503;
}

/* Has text written to a copy of fd. The status of HTTP. */
typedef int write_fn(const struct serve_web *web, const struct web_question *question, FILE *out);

static int write_by(write_fn *fn, const struct serve_web *web, const struct web_question *question,
		    int fd)
{
	int own = dup(fd), err = -EIO;
	FILE *out = own < 0 ? NULL : fdopen(own, "w");

	if (out) {
		setvbuf(out, NULL, _IOFBF, ANSWER_BUFFER_BYTES);
		err = fn(web, question, out);
	} else if (own >= 0)
		close(own);
	if (out && fclose(out))
		err = -EIO;
	return err ? 503 : 200;
}

static int write_metrics(const struct serve_web *web, const struct web_question *question,
			 FILE *out)
{
	return metrics_write(web->metrics, out, question->kind == WEB_OPENMETRICS);
}

static int write_stalls(const struct serve_web *web, const struct web_question *question, FILE *out)
{
	return recent_write(web->recent, out, question->limit, question->since_ns);
}

static int write_loops(const struct serve_web *web, const struct web_question *question, FILE *out)
{
	const struct line_writer to = line_writer_of(out);
	int64_t offset_ns = 0;
	struct summary_record record;
	int err = web->session ? engine_live_summary(web->session->engine, &record) : -EIO;

	(void)question;
	if (err)
		return err;
	record.time_ns = timestamp_of(&offset_ns, record.mono_ns);
	err = encode_summary(&to, &record);
	summary_free(&record);
	return err;
}

static int write_last(const struct serve_web *web, const struct web_question *question, FILE *out)
{
	struct start_record start;
	struct summary_record unseen;
	struct utsname name;
	const struct hour_with with = { &start, web->recent, &unseen };
	int64_t offset_ns = 0;
	int err;

	if (!web->session)
		return -EIO;
	session_start_record(web->session, &name, &start);
	start.time_ns = timestamp_of(&offset_ns, start.mono_ns);
	engine_unseen(web->session->engine, &unseen);
	err = hour_write(web->hour, out, question, &with);
	summary_free(&unseen);
	return err;
}

/* web_answer_fn */
static int answer(void *context, const struct web_question *question, int fd)
{
	static write_fn *const writers[WEB_KIND_NR] = {
		[WEB_METRICS] = write_metrics, [WEB_OPENMETRICS] = write_metrics,
		[WEB_STALLS] = write_stalls,   [WEB_LOOPS] = write_loops,
		[WEB_LAST] = write_last,
	};
	struct serve_web *web = context;

	/* a window has what was blocked in it, neither more nor less */
	if (question->window && web->session)
		engine_report_blocked(web->session->engine);
	switch ((enum web_kind)question->kind) {
	case WEB_BLOCK:
	case WEB_BLOCK_ALL:
	case WEB_FOLDED:
	case WEB_WINDOW_BEGIN:
	case WEB_WINDOW_END:
		return profiles_answer(web->profiles, question, fd);
	default:
		break;
	}
	/* whoever answers has the probes in place and reads their records */
	if (question->kind == WEB_HEALTH)
		return write_text(fd, "ok\n");
	return write_by(writers[question->kind], web, question, fd);
}

/* Without one nobody may read more than the metrics. 0; -errno, with a message, for a file that was given. */
static int read_token(const struct serve_options *options, char token[WEB_TOKEN_BYTES])
{
	const char *given = options->token_file;
	int err = given ? token_read(given, token) : token_of(options->state_dir, token);
	const char *reason =
		err == -EINVAL ? "it has no 16 to 127 visible characters" : strerror(-err);

	if (err && given)
		message_error("cannot use %s as a token: %s; correct it", given, reason);
	else if (err)
		message_warn("nobody may read more than metrics: token in %s: %s; give a "
			     "--token-file",
			     options->state_dir, reason);
	return given ? err : 0;
}

/* 0 or -errno, with a message. */
static int settings_of(const struct serve_options *options, struct web_settings *settings)
{
	*settings = (struct web_settings){
		.nr_hosts = options->nr_hosts,
		.metrics_only = options->metrics_only,
	};

	for (uint32_t i = 0; i < options->nr_hosts; i++)
		snprintf(settings->hosts[i], sizeof(settings->hosts[i]), "%s", options->hosts[i]);
	return options->metrics_only ? 0 : read_token(options, settings->token);
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
	web->refused = err;
	if (!options->listen)
		return 0;
	message_error("cannot listen on %s: %s; give another --listen", where, strerror(-err));
	return err;
}

static struct output_options shown_of(const struct serve_options *options)
{
	return (struct output_options){
		.stalls_only = options->stalls_only,
		.match = options->choice.match,
	};
}

int serve_web_check(const struct serve_options *options)
{
	char token[WEB_TOKEN_BYTES];

	return options->token_file ? read_token(options, token) : 0;
}

int serve_web_open(struct serve_web *web, const struct serve_options *options)
{
	const struct output_options shown = shown_of(options);
	int err = metrics_new(&web->metrics);

	if (!err)
		err = profiles_new(&web->profiles, &shown);
	if (!err)
		err = recent_new(&web->recent);
	if (!err)
		err = hour_new(&web->hour);
	return err ? err : open_listeners(web, options);
}

int serve_web_start(struct serve_web *web, const struct serve_options *options,
		    struct zygote *zygote)
{
	struct web_settings settings;
	const struct web_options wanted = {
		.listeners = &web->listeners,
		.zygote = zygote,
		.answer = answer,
		.context = web,
	};
	int err;

	if (!web->listeners.nr) {
		message_warn("nobody is answered over HTTP: %s on %s; give another --listen, or "
			     "enable blockprof.socket",
			     strerror(-web->refused), SERVE_LISTEN);
		return 0;
	}
	err = settings_of(options, &settings);
	if (err)
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
	recent_free(web->recent);
	hour_free(web->hour);
	profiles_free(web->profiles);
}

void serve_web_set(struct serve_web *web, const struct serve_options *options)
{
	struct web_settings settings;

	if (web->web && !settings_of(options, &settings))
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
	if (restarts != web->told_restarts) {
		profiles_end_windows(web->profiles);
		message_warn("the process that speaks HTTP ended, and was started again");
	}
	web->told_restarts = restarts;
}

static void count_loop(void *context, const struct engine_loop *loop)
{
	metrics_live_loop(context, loop->id);
}

void serve_web_begin(struct serve_web *web, const struct serve_options *options,
		     const struct session *session)
{
	const struct output_options shown = shown_of(options);

	profiles_new_watch(web->profiles, &shown);
	web->session = session;
	metrics_new_watch(web->metrics);
	hour_new_watch(web->hour, options->choice.match);
}

void serve_web_stall(struct serve_web *web, const struct stall_record *stall)
{
	metrics_stall(web->metrics, stall);
	if (!web->web)
		return;
	profiles_stall(web->profiles, stall);
	recent_stall(web->recent, stall);
}

void serve_web_recorded(struct serve_web *web, const struct summary_record *summary)
{
	if (web->web)
		hour_recorded(web->hour, summary);
}

void serve_web_tick(struct serve_web *web, uint64_t now_ns)
{
	metrics_begin_loops(web->metrics);
	engine_each_loop(web->session->engine, count_loop, web->metrics);
	if (web->web)
		hour_tick(web->hour, now_ns);
}

void serve_web_second(struct serve_web *web, const struct second_record *second)
{
	metrics_second(web->metrics, second);
	if (web->web)
		hour_second(web->hour, second);
}

void serve_web_loop(struct serve_web *web, const struct loop_record *loop)
{
	metrics_loop(web->metrics, loop);
	profiles_loop(web->profiles, loop);
	hour_loop(web->hour, loop);
}

void serve_web_withdrawn(struct serve_web *web, const struct withdrawn_record *withdrawn)
{
	if (!web->web)
		return;
	profiles_withdrawn(web->profiles, withdrawn);
	recent_withdrawn(web->recent, withdrawn);
}

void serve_web_blocked(struct serve_web *web, const struct blocked_record *blocked)
{
	if (!web->web)
		return;
	profiles_blocked(web->profiles, blocked);
	hour_blocked(web->hour, blocked);
}
