// SPDX-License-Identifier: GPL-2.0-or-later
/* serve.c - `blockprof serve`: what becomes of what is found, when a recording ends, and how a reload goes. */
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
#include "base/timestamp.h"
#include "base/zygote.h"
#include "cli/exit_status.h"
#include "cli/message.h"
#include "cli/serve_options.h"
#include "cli/serve_recorder.h"
#include "cli/serve_web.h"
#include "cli/stall_command.h"
#include "cli/why.h"
#include "output/where.h"
#include "probe/probe.h"
#include "serve/entry.h"
#include "serve/journal.h"
#include "serve/news.h"
#include "serve/notify.h"
#include "serve/recorder.h"
#include "session/session.h"
#include "text/note_words.h"
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
	struct recorder *recorder;
	struct serve_web web;
	struct news *news;
	struct where *where; /* those belong whose stalls go to the journal */
	bool in_journal;
	struct stall_command command;
	int64_t realtime_offset_ns; /* timestamp_of() */
	uint64_t stalls;
	uint64_t next_tick_ns;
	int reported_error; /* of the recorder */
	char status[STATUS_BYTES]; /* as systemd has it */
};

/* -- what the engine finds -- */

static void on_loop(void *context, const struct loop_record *record)
{
	struct serve *serve = context;

	message_detail("loop: %s[%d] thread %d: %s", record->id.comm, record->id.pid,
		       record->id.tid, record->id.runtime);
	recorder_loop(serve->recorder, record);
	/* without memory an entry has the names of its cgroup only */
	where_learn(serve->where, record);
	serve_web_loop(&serve->web, record);
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct serve *serve = context;
	struct stall_record timed = *record;
	__freeing char *message = NULL;

	/* the handler gets the same time as the recording */
	timed.time_ns = timestamp_of(&serve->realtime_offset_ns, record->mono_ns);
	if (serve->term->options.choice.no_advice)
		timed.advice = NULL;
	if (!recorder_stall(serve->recorder, &timed)) {
		struct withdrawn_record withdrawn = stall_withdrawn(&timed, DISCARD_IGNORED);

		stall_command_withdrawn(&serve->command, &withdrawn);
		serve_web_withdrawn(&serve->web, &withdrawn);
		news_withdraw(serve->news, &withdrawn);
		return;
	}
	serve->stalls += !record->ongoing && !record->doubt;
	serve_web_stall(&serve->web, &timed);
	stall_command_run(&serve->command, &timed);
	if (!news_is(serve->news, record, probe_now_ns()))
		return;
	timed.home = where_of(serve->where, record->id.pid);
	if (serve->in_journal && !journal_stall(&timed))
		return;
	message = entry_message(record);
	if (message)
		message_note("%s", message);
}

static void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	struct serve *serve = context;

	recorder_withdrawn(serve->recorder, record);
	serve_web_withdrawn(&serve->web, record);
	stall_command_withdrawn(&serve->command, record);
	if (news_withdraw(serve->news, record))
		message_note("what lasted in %s[%d] thread %d was no stall: %s", record->id.comm,
			     record->id.pid, record->id.tid, discard_words(record->reason));
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct serve *serve = context;

	recorder_blocked(serve->recorder, record);
	serve_web_blocked(&serve->web, record);
}

static void on_second(void *context, const struct second_record *record)
{
	struct serve *serve = context;

	recorder_second(serve->recorder, record);
	serve_web_second(&serve->web, record);
}

static void on_discarded(void *context, const struct thread_id *id, enum discard reason,
			 uint64_t ns)
{
	struct serve *serve = context;

	why_discarded(context, id, reason, ns);
	metrics_discarded(serve->web.metrics, reason);
}

static void on_blind(void *context, const struct thread_id *id, enum blind blind)
{
	struct serve *serve = context;

	why_blind(context, id, blind);
	metrics_blind(serve->web.metrics, blind);
}

static void on_note(void *context, const struct note_record *record)
{
	struct serve *serve = context;
	__freeing char *text = NULL;

	recorder_note(serve->recorder, record);
	metrics_note(serve->web.metrics, record);
	if (!news_is_note(serve->news, record, probe_now_ns()))
		return;
	if (serve->in_journal && !journal_note(record, where_of(serve->where, record->pid)))
		return;
	text = note_words(record);
	if (text)
		message_note("%s", text);
}

/* Processes come and go by the thousand, and nobody asked for a single one. */
static void on_exit_record(void *context, const struct exit_record *record, bool asked_for)
{
	(void)context;
	(void)record;
	(void)asked_for;
}

/* -- recordings -- */

/* Once when recording stops, and once when it goes on. */
static void report_recording(struct serve *serve)
{
	int err = recorder_error(serve->recorder);

	if (err && !serve->reported_error)
		message_warn("not recording: %s; the watch goes on, and so will the recordings "
			     "when there is room",
			     strerror(-err));
	else if (!err && serve->reported_error)
		message_note("recording again; %" PRIu64 " records since the start are in no "
			     "recording",
			     recorder_lost(serve->recorder));
	serve->reported_error = err;
}

/* mono_ns: where the recording begins. */
static int begin_recording(struct serve *serve, uint64_t mono_ns)
{
	struct start_record record;
	struct utsname name;

	session_start_record(&serve->term->session, &name, &record);
	record.mono_ns = mono_ns;
	return recorder_begin(serve->recorder, &record);
}

static void end_recording(struct serve *serve)
{
	struct summary_record record;

	if (engine_summary(serve->term->session.engine, &record)) {
		recorder_end(serve->recorder, NULL);
		return;
	}
	stall_command_summarise(&serve->command, &record);
	serve_web_recorded(&serve->web, &record);
	recorder_end(serve->recorder, &record);
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
	const struct engine_sink sink = {
		.context = serve,
		.loop = on_loop,
		.stall = on_stall,
		.withdrawn = on_withdrawn,
		.thread = why_thread,
		.discarded = on_discarded,
		.blind = on_blind,
		.blocked = on_blocked,
		.second = on_second,
		.exit = on_exit_record,
		.note = on_note,
	};
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

	serve_web_begin(&serve->web, &term->options, &term->session);
	err = session_begin(&term->session, 0);
	serve->term = term;
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
	int err = stall_command_prepare(&serve->command, options->on_stall, handler);

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
		recorder_close(serve->recorder);
		serve->recorder = recorder;
	}
	wanted = serve_recorder_options(&term->options);
	recorder_set(serve->recorder, &wanted);
	serve_web_set(&serve->web, &term->options);
	message_set_level(term->options.usage.verbosity);
	err = term_begin(serve, term);
	term_free(old);
	/* for a moment there were two watches; this one may go on for weeks */
	malloc_trim(0);
	stall_command_set(&serve->command, term->options.on_stall, handler);
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
	const char *name = recorder_name(serve->recorder);
	char status[STATUS_BYTES], threshold[DURATION_BYTES];

	words_duration(session->scope->threshold_ns, threshold);
	snprintf(status, sizeof(status),
		 "%u loops, turns over %s; %" PRIu64 " stalls since the start; %s%s",
		 engine_loops(session->engine, 0), threshold, serve->stalls,
		 name ? "recording " : "not recording: ",
		 name ? name : strerror(-recorder_error(serve->recorder)));
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
	if (recorder_tick(serve->recorder, now_ns))
		next_recording(serve);
	report_recording(serve);
	stall_command_poll(&serve->command);
	serve_web_tick(&serve->web, now_ns);
	left_out = news_left_out(serve->news, now_ns);
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
		size_t nr = serve_web_fds(&serve->web, &asked);

		signals = session_step(&serve->term->session, &asked, nr, TICK_NS / NS_PER_MS);
		serve_web_run(&serve->web);
		tick(serve);
		message_try();
		if (signals & SESSION_SIGNAL(SIGHUP) && !(signals & SESSION_STOP))
			err = reload(serve);
	}
	return err;
}

static int run(struct serve *serve, struct term *term)
{
	int err = news_new(&serve->news, journal_unit);

	if (!err)
		err = where_new(&serve->where);
	serve->zygote = zygote_new();
	if (!err)
		err = stall_command_open(&serve->command, NULL);
	/* before we are large: its process is a copy of us */
	if (!err)
		err = stall_command_start(&serve->command, term->options.on_stall);
	if (!err)
		err = serve_recorder_open(&term->options, &serve->recorder);
	if (!err)
		err = serve_web_open(&serve->web, &term->options);
	if (!err)
		err = term_open(serve, term);
	if (err) {
		term_free(term);
		return err;
	}
	err = term_begin(serve, term);
	if (!err)
		err = serve_web_start(&serve->web, &term->options, serve->zygote);
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
	stall_command_finish(&serve->command);
	choice_report_unused(&serve->term->options.choice);
	return 0;
}

int cmd_serve(int argc, char **argv)
{
	struct serve serve = { .argc = argc, .argv = argv, .in_journal = journal_has_stderr() };
	struct term *term;
	int err;

	message_set_journal(serve.in_journal);
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
	recorder_close(serve.recorder);
	serve_web_close(&serve.web);
	term_free(serve.term);
	zygote_free(serve.zygote);
	stall_command_close(&serve.command);
	news_free(serve.news);
	where_free(serve.where);
	return err ? EXIT_COULD_NOT : EXIT_OK;
}
