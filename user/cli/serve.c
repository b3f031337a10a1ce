// SPDX-License-Identifier: GPL-2.0-or-later
/* serve.c - `blockprof serve`: when a recording ends, and how a reload goes. */
#include "cli/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/zygote.h"
#include "cli/exit_status.h"
#include "cli/message.h"
#include "cli/serve_found.h"
#include "cli/serve_options.h"
#include "cli/serve_recorder.h"
#include "output/where.h"
#include "probe/probe.h"
#include "serve/journal.h"
#include "serve/news.h"
#include "serve/notify.h"
#include "serve/recorder.h"
#include "session/session.h"
#include "text/words.h"

#define TICK_NS	     NS_PER_SEC
#define STATUS_BYTES 256

/* A watch with one set of options: a reload begins another. */
struct term {
	struct serve_options options;
	struct session session;
};

struct serve {
	int argc;
	char **argv;
	struct zygote *zygote;
	struct term *term;
	struct serve_found found;
	uint64_t next_tick_ns;
	int reported_error; /* of the recorder */
	char status[STATUS_BYTES]; /* as systemd has it */
};

/* -- recordings -- */

/* Once when recording stops, and once when it goes on. */
static void report_recording(struct serve *serve)
{
	int err = recorder_error(serve->found.recorder);

	if (err && !serve->reported_error)
		message_warn("not recording: %s; the watch goes on, and so will the recordings "
			     "when there is room",
			     strerror(-err));
	else if (!err && serve->reported_error)
		message_note("recording again; %" PRIu64 " records since the start are in no "
			     "recording",
			     recorder_lost(serve->found.recorder));
	serve->reported_error = err;
}

/* mono_ns: where the recording begins. */
static int begin_recording(struct serve *serve, uint64_t mono_ns)
{
	struct start_record record;
	struct utsname name;

	session_start_record(&serve->term->session, &name, &record);
	record.mono_ns = mono_ns;
	return recorder_begin(serve->found.recorder, &record);
}

static void end_recording(struct serve *serve)
{
	struct summary_record record;

	if (engine_summary(serve->term->session.engine, &record)) {
		recorder_end(serve->found.recorder, NULL);
		return;
	}
	stall_command_summarise(&serve->found.command, &record);
	serve_web_recorded(&serve->found.web, &record);
	recorder_end(serve->found.recorder, &record);
	summary_free(&record);
}

static void next_recording(struct serve *serve)
{
	end_recording(serve);
	begin_recording(serve, probe_now_ns());
	/* loops are reported again: each recording stands on its own */
	engine_new_period(serve->term->session.engine);
}

/* -- terms -- */

static void term_free(struct term *term)
{
	if (!term)
		return;
	session_close(&term->session);
	serve_options_free(&term->options);
	free(term);
}

/* NULL: out of memory. *err: of the options. */
static struct term *term_new(const struct serve *serve, int *err)
{
	struct term *term = calloc(1, sizeof(*term));

	*err = term ? serve_options_parse(&term->options, serve->argc, serve->argv) : -ENOMEM;
	return term;
}

/* Loads the probes, which takes most of the time. */
static int term_open(struct serve *serve, struct term *term)
{
	const struct engine_sink sink = serve_found_sink(&serve->found);
	const struct session_options options = {
		.scope = &term->options.scope,
		.whole_system = true,
		.libbpf_log = term->options.usage.verbosity > 2,
		.zygote = serve->zygote,
	};
	int err = scope_check(options.scope);

	if (!err)
		err = session_open(&term->session, &options, &sink);
	if (err)
		scope_report_failure(&term->session);
	return err;
}

/* From here on this watch is the one that counts. */
static int term_begin(struct serve *serve, struct term *term)
{
	int err;

	serve_web_begin(&serve->found.web, &term->options, &term->session);
	err = session_begin(&term->session, 0);
	serve->term = term;
	serve->found.no_advice = term->options.choice.no_advice;
	if (err) {
		scope_report_failure(&term->session);
		return err;
	}
	err = begin_recording(serve, engine_started_ns(term->session.engine));
	if (err && !serve_recorder_is_full(err)) {
		serve_recorder_refused(term->options.state_dir, err);
		return err;
	}
	report_recording(serve);
	err = session_look(&term->session);
	if (err)
		scope_report_failure(&term->session);
	return err;
}

static void announce(const struct serve *serve)
{
	const struct session *session = &serve->term->session;
	unsigned int loops = engine_loops(session->engine, 0);
	char threshold[DURATION_BYTES];

	words_duration(session->scope->threshold_ns, threshold);
	message_note("watching the whole system: %u loop%s, turns over %s; recordings in %s", loops,
		     loops == 1 ? "" : "s", threshold, serve->term->options.state_dir);
}

/* -- reload -- */

/* Does what can fail with the new options while the old ones are still in force. */
static int prepare_reload(struct serve *serve, struct term *term, struct recorder **recorder,
			  struct handler **handler)
{
	const struct serve_options *options = &term->options;
	int err = stall_command_prepare(&serve->found.command, options->on_stall, handler);

	*recorder = NULL;
	if (!err && strcmp(options->state_dir, serve->term->options.state_dir) != 0)
		err = serve_recorder_open(options, recorder);
	if (!err)
		err = term_open(serve, term);
	if (err) {
		recorder_close(*recorder);
		handler_free(*handler);
		*recorder = NULL;
	}
	return err;
}

/* 0 if something is watched: with options that cannot be used nothing changes. Else -errno. */
static int reload(struct serve *serve)
{
	struct recorder *recorder = NULL;
	struct handler *handler;
	struct recorder_options wanted;
	struct term *term, *old = serve->term;
	int err;

	notify_reloading(probe_now_ns());
	term = term_new(serve, &err);
	if (!err)
		err = prepare_reload(serve, term, &recorder, &handler);
	if (err) {
		message_error("the options are not changed, for the reason in the line before");
		term_free(term);
		notify_ready();
		return 0;
	}
	engine_finish(old->session.engine, true);
	end_recording(serve);
	if (recorder) {
		recorder_close(serve->found.recorder);
		serve->found.recorder = recorder;
	}
	wanted = serve_recorder_options(&term->options);
	recorder_set(serve->found.recorder, &wanted);
	serve_web_set(&serve->found.web, &term->options);
	message_set_level(term->options.usage.verbosity);
	err = term_begin(serve, term);
	term_free(old);
	/* for a moment there were two watches; this one may go on for weeks */
	malloc_trim(0);
	stall_command_set(&serve->found.command, term->options.on_stall, handler);
	if (err)
		return err;
	announce(serve);
	notify_ready();
	return 0;
}

/* -- the watch -- */

static void send_status(struct serve *serve)
{
	const struct session *session = &serve->term->session;
	const char *name = recorder_name(serve->found.recorder);
	char status[STATUS_BYTES], threshold[DURATION_BYTES];

	words_duration(session->scope->threshold_ns, threshold);
	snprintf(status, sizeof(status),
		 "%u loops, turns over %s; %" PRIu64 " stalls since the start; %s%s",
		 engine_loops(session->engine, 0), threshold, serve->found.stalls,
		 name ? "recording " : "not recording: ",
		 name ? name : strerror(-recorder_error(serve->found.recorder)));
	if (strcmp(status, serve->status) == 0)
		return;
	memcpy(serve->status, status, sizeof(status));
	notify_status(status);
}

static void tick(struct serve *serve)
{
	__freeing char *left_out = NULL;
	uint64_t now_ns = probe_now_ns();

	if (now_ns < serve->next_tick_ns)
		return;
	serve->next_tick_ns = now_ns + TICK_NS;
	if (recorder_tick(serve->found.recorder, now_ns))
		next_recording(serve);
	report_recording(serve);
	stall_command_poll(&serve->found.command);
	serve_web_tick(&serve->found.web, now_ns);
	left_out = news_left_out(serve->found.news, now_ns);
	if (left_out)
		message_warn("%s; all are in the recordings", left_out);
	send_status(serve);
	notify_alive();
}

static int serve_until_end(struct serve *serve)
{
	uint64_t signals = 0;
	int err = 0;

	while (!err && !(signals & SESSION_STOP)) {
		struct pollfd asked;
		size_t nr = serve_web_fds(&serve->found.web, &asked);

		signals = session_step(&serve->term->session, &asked, nr, TICK_NS / NS_PER_MS);
		serve_web_run(&serve->found.web);
		tick(serve);
		message_try();
		if (signals & SESSION_SIGNAL(SIGHUP) && !(signals & SESSION_STOP))
			err = reload(serve);
	}
	return err;
}

static int run(struct serve *serve, struct term *term)
{
	int err = news_new(&serve->found.news, journal_unit);

	if (!err)
		err = where_new(&serve->found.where);
	serve->zygote = zygote_new();
	if (!err)
		err = stall_command_open(&serve->found.command, NULL);
	/* before we are large: its process is a copy of us */
	if (!err)
		err = stall_command_start(&serve->found.command, term->options.on_stall);
	if (!err)
		err = serve_recorder_open(&term->options, &serve->found.recorder);
	if (!err)
		err = serve_web_open(&serve->found.web, &term->options);
	if (!err)
		err = term_open(serve, term);
	if (err) {
		term_free(term);
		return err;
	}
	err = term_begin(serve, term);
	if (!err)
		err = serve_web_start(&serve->found.web, &term->options, serve->zygote);
	if (err)
		return err;
	announce(serve);
	notify_ready();
	err = serve_until_end(serve);
	if (err)
		return err;
	notify_stopping();
	engine_finish(serve->term->session.engine, true);
	end_recording(serve);
	report_recording(serve);
	stall_command_finish(&serve->found.command);
	choice_report_unused(&serve->term->options.choice);
	return 0;
}

int cmd_serve(int argc, char **argv)
{
	struct serve serve = { .argc = argc,
			       .argv = argv,
			       .found.in_journal = journal_has_stderr() };
	struct term *term;
	int err;

	message_set_journal(serve.found.in_journal);
	term = term_new(&serve, &err);
	if (!term)
		return EXIT_COULD_NOT;
	if (err || usage_is_asked(&term->options.usage)) {
		serve_options_answer(&term->options);
		term_free(term);
		return exit_status_of_options(err);
	}
	if (term->options.check) {
		err = serve_web_check(&term->options);
		term_free(term);
		return err ? EXIT_COULD_NOT : EXIT_OK;
	}
	message_set_level(term->options.usage.verbosity);
	message_set_queued();
	signal(SIGPIPE, SIG_IGN);
	err = run(&serve, term);
	/* its outputs ask --match up to their end */
	recorder_close(serve.found.recorder);
	serve_web_close(&serve.found.web);
	term_free(serve.term);
	zygote_free(serve.zygote);
	stall_command_close(&serve.found.command);
	news_free(serve.found.news);
	where_free(serve.found.where);
	return err ? EXIT_COULD_NOT : EXIT_OK;
}
