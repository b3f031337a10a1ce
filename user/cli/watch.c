// SPDX-License-Identifier: GPL-2.0-or-later
/* watch.c - `blockprof [watch]`: what the engine finds goes to the outputs; COMMAND is started, awaited and ended. */
#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/timestamp.h"
#include "cli/exit_status.h"
#include "cli/hint.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/stall_command.h"
#include "proc/process.h"
#include "run/launch.h"
#include "session/session.h"
#include "stall/loops/filter.h"
#include "text/note_words.h"
#include "text/words.h"

#define COMMAND_END_MS 1000 /* COMMAND has so long to end, if the watch ends before it */

struct watch {
	struct watch_options options;
	struct outputs outputs;
	struct session session;
	struct stall_command on_stall;
	struct launch launch;
	bool launched; /* COMMAND runs, or has run */
	int command_status; /* -1: it still runs */
	uint64_t stalls;
	bool seen_loop;
	struct hints hints;
};

/* -- from the engine to the outputs -- */

static void on_loop(void *context, const struct loop_record *record)
{
	struct watch *watch = context;

	watch->seen_loop = true;
	message_detail("loop: %s[%d] thread %d: %s", record->id.comm, record->id.pid,
		       record->id.tid, record->id.runtime);
	outputs_loop(&watch->outputs, record);
}

/* For the hints. */
static bool has_mapped(void *context, pid_t pid, const char *library)
{
	struct watch *watch = context;

	return engine_has_mapped(watch->session.engine, pid, library);
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct watch *watch = context;
	struct stall_record timed = *record;
	char hint[HINT_BYTES];

	/* the handler gets the same time as a recording */
	timed.time_ns = timestamp_of(&watch->outputs.realtime_offset_ns, timed.mono_ns);
	if (!outputs_stall(&watch->outputs, &timed))
		return;
	watch->stalls++;
	if (hint_of(&watch->hints, &timed, hint))
		message_note("%s", hint);
	stall_command_run(&watch->on_stall, &timed);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct watch *watch = context;

	outputs_blocked(&watch->outputs, record);
}

static void on_process_exit(void *context, const struct exit_record *record, bool asked_for)
{
	struct watch *watch = context;

	if (!asked_for && !watch->options.scope.follow)
		return;
	outputs_exit(&watch->outputs, record);
	if (asked_for)
		session_target_ended(&watch->session);
}

static void on_note(void *context, const struct note_record *record)
{
	struct watch *watch = context;
	char *text __freeing = note_words(record);

	if (text)
		message_note("%s", text);
	outputs_note(&watch->outputs, record);
}

/* -- what is watched, in words -- */

static void announce_process(struct watch *watch, pid_t pid)
{
	char comm[16] = "", interpreter[64], threshold[DURATION_BYTES];
	unsigned int loops = engine_loops(watch->session.engine, pid);
	const char *runtime = engine_runtime(watch->session.engine, pid);
	const char *python =
		engine_interpreter(watch->session.engine, pid, interpreter, sizeof(interpreter));

	process_comm(pid, comm);
	words_duration(watch->options.scope.threshold_ns, threshold);
	if (loops)
		message_note("watching %s[%d]: %u loop%s (%s%s%s), turns over %s; Ctrl-C for the "
			     "summary",
			     comm, pid, loops, loops == 1 ? "" : "s", runtime, python ? ", " : "",
			     python ? python : "", threshold);
	else
		message_note("watching %s[%d]%s%s%s, turns over %s; Ctrl-C for the summary", comm,
			     pid, python ? " (" : "", python ? python : "", python ? ")" : "",
			     threshold);
	if (engine_unreadable(watch->session.engine, pid))
		message_warn("%s[%d] runs %s, whose frames cannot be read; native stacks only",
			     comm, pid, python);
}

static void announce_no_loop(struct watch *watch, pid_t pid, const char *when)
{
	char comm[16] = "";

	if (engine_loops(watch->session.engine, pid) || watch->options.scope.all_threads)
		return;
	if (process_comm(pid, comm))
		return;
	message_note(
		"no event loop in %s[%d]%s; --all-threads shows the blocked time of every thread",
		comm, pid, when);
}

static void announce_system(struct watch *watch)
{
	const struct scope *scope = &watch->options.scope;
	char threshold[DURATION_BYTES];
	unsigned int loops = engine_loops(watch->session.engine, 0);
	size_t processes = engine_processes(watch->session.engine);

	words_duration(scope->threshold_ns, threshold);
	if (filter_is_empty(scope->filter))
		message_note("watching the whole system: %u loop%s, turns over %s; Ctrl-C for the "
			     "summary",
			     loops, loops == 1 ? "" : "s", threshold);
	else
		message_note("watching %zu process%s of the system%s: %u loop%s, turns over %s; "
			     "Ctrl-C for the summary",
			     processes, processes == 1 ? "" : "es",
			     processes ? "" : " (none matches yet)", loops, loops == 1 ? "" : "s",
			     threshold);
}

static void announce(struct watch *watch)
{
	const struct scope *scope = &watch->options.scope;
	char threshold[DURATION_BYTES];

	if (watch->launched) {
		announce_process(watch, watch->launch.pid);
	} else if (scope->nr_pids == 1) {
		announce_process(watch, scope->pids[0]);
	} else if (scope->nr_pids) {
		words_duration(scope->threshold_ns, threshold);
		message_note("watching %zu processes: %u loops, turns over %s; "
			     "Ctrl-C for the summary",
			     scope->nr_pids, engine_loops(watch->session.engine, 0), threshold);
	} else {
		announce_system(watch);
	}
	for (size_t i = 0; i < scope->nr_pids; i++)
		announce_no_loop(watch, scope->pids[i], " yet");
}

/* -- the watch -- */

/* Only COMMAND: the symbolizer is a child too, and waited for elsewhere. */
static void reap_command(struct watch *watch)
{
	int status;

	if (watch->launched && watch->command_status < 0 &&
	    waitpid(watch->launch.pid, &status, WNOHANG) == watch->launch.pid) {
		watch->command_status = status;
		watch->session.ended = true;
	}
}

static void watch_until_end(struct watch *watch)
{
	uint64_t signals = 0;

	while (!(signals & (SESSION_STOP | SESSION_SIGNAL(SIGHUP))) &&
	       !session_is_over(&watch->session) && !outputs_are_dead(&watch->outputs)) {
		signals = session_step(&watch->session, NULL, 0, -1);
		if (signals & SESSION_SIGNAL(SIGCHLD))
			reap_command(watch);
		stall_command_poll(&watch->on_stall);
	}
}

/* Asks a COMMAND to end that still runs after the watch. */
static void end_command(struct watch *watch)
{
	struct pollfd fd = { .fd = watch->session.signals, .events = POLLIN };

	if (!watch->launched || watch->command_status >= 0)
		return;
	kill(watch->launch.pid, SIGTERM);
	poll(&fd, 1, COMMAND_END_MS);
	reap_command(watch);
}

static void finish(struct watch *watch)
{
	struct summary_record record;
	int err;

	engine_finish(watch->session.engine);
	end_command(watch);
	if (!watch->seen_loop && watch->launched && !watch->options.scope.all_threads)
		message_note("no event loop was seen; --all-threads shows the blocked time of "
			     "every thread");
	/* before the handler ends, which may take a while that is not watched */
	err = engine_summary(watch->session.engine, &record);
	stall_command_finish(&watch->on_stall);
	if (err)
		return;
	stall_command_summarise(&watch->on_stall, &record);
	record.command_status = watch->command_status;
	outputs_summary(&watch->outputs, &record);
	summary_free(&record);
}

static int begin(struct watch *watch)
{
	struct start_record record;
	struct utsname name;
	int err;

	if (watch->options.command) {
		err = launch_hold(&watch->launch, watch->options.command, &watch->on_stall.caller);
		if (err) {
			message_error("cannot start %s: %s", watch->options.command[0],
				      strerror(-err));
			return err;
		}
		watch->launched = true;
	}
	err = session_begin(&watch->session, watch->launched ? watch->launch.pid : 0);
	if (!err) {
		session_start_record(&watch->session, &name, &record);
		outputs_start(&watch->outputs, &record);
		err = session_look(&watch->session);
	}
	if (err) {
		if (watch->launched)
			launch_abandon(&watch->launch);
		return err;
	}
	/* before it is announced: there may be no such program */
	if (watch->launched) {
		err = launch_go(&watch->launch);
		if (err) {
			waitpid(watch->launch.pid, NULL, 0);
			message_error("cannot start '%s': %s; check its name and your PATH",
				      watch->options.command[0], strerror(-err));
		}
	}
	return err;
}

static int run(struct watch *watch)
{
	const struct watch_options *options = &watch->options;
	const struct engine_sink sink = {
		.context = watch,
		.loop = on_loop,
		.stall = on_stall,
		.blocked = on_blocked,
		.exit = on_process_exit,
		.note = on_note,
	};
	const struct session_options session_options = {
		.scope = &options->scope,
		.whole_system = !options->scope.nr_pids && !options->command,
		.libbpf_log = options->usage.verbosity > 1,
	};
	int err = scope_check(&options->scope);

	if (err)
		return err;
	/* before we are large: its process is a copy of us */
	err = stall_command_start(&watch->on_stall, options->on_stall);
	if (err)
		return err;
	err = session_open(&watch->session, &session_options, &sink);
	if (!err)
		err = outputs_open(&watch->outputs, &options->outputs, &options->output);
	if (!err)
		err = begin(watch);
	if (err)
		return err;
	announce(watch);
	watch_until_end(watch);
	finish(watch);
	return 0;
}

int cmd_watch(int argc, char **argv)
{
	struct watch watch = {
		.command_status = -1,
		.hints = { has_mapped, &watch, 0 },
	};
	int err;

	err = watch_options_parse(&watch.options, argc, argv);
	if (err || usage_is_asked(&watch.options.usage)) {
		watch_options_answer(&watch.options);
		watch_options_free(&watch.options);
		return err ? EXIT_USAGE : EXIT_OK;
	}
	message_set_level(watch.options.usage.verbosity);
	signal(SIGPIPE, SIG_IGN);
	if (watch.options.command || watch.options.on_stall)
		err = stall_command_open(&watch.on_stall, watch.options.command
								  ? watch.options.command[0]
								  : watch.options.on_stall);
	if (!err)
		err = run(&watch);
	if (err)
		scope_report_failure(&watch.session);
	if (outputs_close(&watch.outputs))
		err = err ? err : -EIO;
	session_close(&watch.session);
	stall_command_close(&watch.on_stall);
	watch_options_free(&watch.options);
	if (err)
		return EXIT_COULD_NOT;
	return watch.options.fail && watch.stalls ? EXIT_STALLED : EXIT_OK;
}
