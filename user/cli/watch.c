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
#include "base/zygote.h"
#include "cli/exit_status.h"
#include "cli/gate.h"
#include "cli/hint.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/stall_command.h"
#include "cli/why.h"
#include "proc/process.h"
#include "run/launch.h"
#include "session/session.h"
#include "stall/loops/filter.h"
#include "text/note_words.h"
#include "text/words.h"

#define UNREAD_SAID    64
#define LOOPLESS_NAMED 4 /* processes without a loop; more are counted */
#define OUTPUTS_TRY_MS 50 /* how soon a reader is asked again that took nothing */
#define COMMAND_END_MS 1000 /* COMMAND has so long to end, if the watch ends before it */

struct watch {
	struct watch_options options;
	struct outputs outputs;
	struct zygote *zygote;
	struct session session;
	struct stall_command on_stall;
	struct launch launch;
	bool launched; /* COMMAND runs, or has run */
	int command_status; /* as wait() gives it, -1: it still runs */
	bool hurried; /* a signal ended it: its outputs are waited for */
	bool interrupted; /* the watch was ended, and COMMAND maybe with it */
	struct gate gate;
	struct hints hints;
	pid_t unread
		[UNREAD_SAID]; /* processes of which it was said that their lines are not read */
	unsigned int nr_unread;
};

/* -- from the engine to the outputs -- */

/* What cannot be read of an interpreter is said once of each process. */
static void say_unread(struct watch *watch, const struct thread_id *id)
{
	const char *language = engine_unread(watch->session.engine, id->pid);

	for (unsigned int i = 0; i < watch->nr_unread && i < UNREAD_SAID; i++)
		if (watch->unread[i] == id->pid)
			return;
	if (!language)
		return;
	watch->unread[watch->nr_unread++ % UNREAD_SAID] = id->pid;
	message_note("%s[%d] runs %s, whose lines are not read; native frames only", id->comm,
		     id->pid, language);
}

static void on_loop(void *context, const struct loop_record *record)
{
	struct watch *watch = context;

	watch->gate.seen_loop = true;
	message_detail("loop: %s[%d] thread %d: %s", record->id.comm, record->id.pid,
		       record->id.tid, record->id.runtime);
	say_unread(watch, &record->id);
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
	if (watch->options.choice.no_advice)
		timed.advice = NULL;
	if (!outputs_stall(&watch->outputs, &timed)) {
		struct withdrawn_record withdrawn = stall_withdrawn(&timed, DISCARD_IGNORED);

		stall_command_withdrawn(&watch->on_stall, &withdrawn);
		return;
	}
	watch->gate.stalls += !timed.ongoing && !timed.doubt;
	if (hint_of(&watch->hints, &timed, hint))
		message_note("%s", hint);
	stall_command_run(&watch->on_stall, &timed);
}

static void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	struct watch *watch = context;

	outputs_withdrawn(&watch->outputs, record);
	stall_command_withdrawn(&watch->on_stall, record);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct watch *watch = context;

	outputs_blocked(&watch->outputs, record);
}

static void on_second(void *context, const struct second_record *record)
{
	struct watch *watch = context;

	outputs_second(&watch->outputs, record);
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

/* Messages go to the same terminal. */
static void hide_outputs(void *context)
{
	struct watch *watch = context;

	outputs_hide(&watch->outputs);
}

/* Of an interpreter it is known which one it is. */
static void on_blind(void *context, const struct thread_id *id, enum blind blind)
{
	struct watch *watch = context;
	char name[64];
	const char *interpreter =
		engine_interpreter(watch->session.engine, id->pid, name, sizeof(name));

	if (blind == BLIND_INTERPRETER_UNKNOWN && interpreter)
		message_warn("%s[%d] runs %s, whose frames cannot be read; native stacks only",
			     id->comm, id->pid, interpreter);
	else
		why_blind(context, id, blind);
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
}

/* One line, however many processes there are. */
static void announce_no_loop(struct watch *watch)
{
	const struct scope *scope = &watch->options.scope;
	char named[LOOPLESS_NAMED * 32] = "";
	size_t used = 0, nr = 0;

	for (size_t i = 0; i < scope->nr_pids; i++) {
		char comm[16] = "";

		if (engine_loops(watch->session.engine, scope->pids[i]) ||
		    process_comm(scope->pids[i], comm))
			continue;
		if (nr++ < LOOPLESS_NAMED)
			used += (size_t)snprintf(named + used, sizeof(named) - used, "%s%s[%d]",
						 nr > 1 ? ", " : "", comm, scope->pids[i]);
	}
	if (!nr || scope->all_threads)
		return;
	if (nr > LOOPLESS_NAMED)
		message_note("no event loop in %s and %zu more of the %zu processes yet; "
			     "--all-threads shows the blocked time of every thread",
			     named, nr - LOOPLESS_NAMED, scope->nr_pids);
	else
		message_note("no event loop in %s yet; --all-threads shows the blocked time of "
			     "every thread",
			     named);
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
	announce_no_loop(watch);
}

/* -- the watch -- */

/* Only COMMAND: the symbolizer is a child too, and waited for elsewhere. */
static void reap_command(struct watch *watch)
{
	int status;

	if (watch->launched && watch->command_status < 0 &&
	    waitpid(watch->launch.pid, &status, WNOHANG) == watch->launch.pid) {
		watch->command_status = status;
		/* what a signal to all of the terminal's processes ended is not its own status */
		if (!watch->interrupted)
			watch->gate.command_status = status;
		watch->session.ended = true;
	}
}

/* Its end is recorded a little before its status is there to be waited for. */
static void await_status(struct watch *watch)
{
	for (int waited_ms = 0; waited_ms < COMMAND_END_MS && watch->launched; waited_ms++) {
		reap_command(watch);
		if (watch->command_status >= 0)
			break;
		poll(NULL, 0, 1);
	}
}

static bool outputs_are_full(const struct watch *watch)
{
	uint64_t max_bytes = watch->options.max_bytes;

	return max_bytes && outputs_bytes(&watch->outputs) >= max_bytes;
}

static void watch_until_end(struct watch *watch)
{
	uint64_t signals;

	while (!watch->interrupted && !session_is_over(&watch->session) &&
	       !outputs_are_dead(&watch->outputs) && !outputs_are_full(watch)) {
		bool kept = message_try(), left = outputs_try(&watch->outputs) || kept;

		signals = session_step(&watch->session, NULL, 0, left ? OUTPUTS_TRY_MS : -1);
		watch->interrupted = signals & (SESSION_STOP | SESSION_SIGNAL(SIGHUP));
		if (signals & SESSION_SIGNAL(SIGCHLD))
			reap_command(watch);
		stall_command_poll(&watch->on_stall);
	}
	if (outputs_are_full(watch))
		message_note("the outputs have what --max-size allows: the watch ends");
	/* the first Ctrl-C never ends it at once, also where it comes just after another end */
	watch->hurried = watch->interrupted;
	if (watch->hurried)
		session_let_interrupt();
	else if (watch->session.ended)
		await_status(watch);
	watch->interrupted = true;
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

	engine_finish(watch->session.engine, watch->hurried);
	end_command(watch);
	if (!watch->gate.seen_loop && watch->launched && !watch->options.scope.all_threads &&
	    !watch->options.fail)
		message_note("no event loop was seen; --all-threads shows the blocked time of "
			     "every thread");
	/* before the handler ends, which may take a while that is not watched */
	err = engine_summary(watch->session.engine, &record);
	stall_command_finish(&watch->on_stall);
	if (err)
		return;
	stall_command_summarise(&watch->on_stall, &record);
	record.command_status = watch->command_status;
	gate_summary(&watch->gate, &record);
	outputs_summary(&watch->outputs, &record);
	summary_free(&record);
	choice_report_unused(&watch->options.choice);
}

static int begin(struct watch *watch)
{
	struct start_record record;
	struct utsname name;
	bool executed;
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
		err = launch_go(&watch->launch, &executed);
		if (err) {
			watch->gate.start_error = executed ? err : 0;
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
		.withdrawn = on_withdrawn,
		.thread = why_thread,
		.discarded = why_discarded,
		.blind = on_blind,
		.blocked = on_blocked,
		.second = on_second,
		.exit = on_process_exit,
		.note = on_note,
	};
	const struct session_options session_options = {
		.scope = &options->scope,
		.whole_system = !options->scope.nr_pids && !options->command,
		.libbpf_log = options->usage.verbosity > 2,
		.zygote = watch->zygote = zygote_new(),
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
	watch->outputs.ignore = options->choice.ignore;
	if (err)
		return err;
	message_set_before(hide_outputs, watch);
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
		.gate = { .command_status = -1 },
		.hints = { has_mapped, &watch, 0 },
	};
	char reason[GATE_REASON_BYTES];
	int err, status;

	err = watch_options_parse(&watch.options, argc, argv);
	if (err || usage_is_asked(&watch.options.usage)) {
		watch_options_answer(&watch.options);
		watch_options_free(&watch.options);
		return exit_status_of_options(err);
	}
	message_set_level(watch.options.usage.verbosity);
	message_set_queued();
	signal(SIGPIPE, SIG_IGN);
	if (watch.options.command || watch.options.on_stall)
		err = stall_command_open(&watch.on_stall, watch.options.command
								  ? watch.options.command[0]
								  : watch.options.on_stall);
	if (!err)
		err = run(&watch);
	message_set_before(NULL, NULL);
	if (err)
		scope_report_failure(&watch.session);
	if (outputs_close(&watch.outputs))
		err = err ? err : -EIO;
	watch.gate.fail = watch.options.fail;
	watch.gate.has_command = watch.options.command;
	watch.gate.failed = err;
	status = gate_status(&watch.gate, reason);
	if (reason[0])
		message_error("%s", reason);
	session_close(&watch.session);
	zygote_free(watch.zygote);
	stall_command_close(&watch.on_stall);
	watch_options_free(&watch.options);
	return status;
}
