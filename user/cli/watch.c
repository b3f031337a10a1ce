// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/caller.h"
#include "cli/exit_status.h"
#include "cli/launch.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/watch.h"
#include "output/words.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "stall/engine.h"
#include "symbol/symbol.h"

/* Threads whose time can be kept at a time. */
#define SLOTS_PIDS	  256
#define SLOTS_SYSTEM	  1024
#define SLOTS_ALL_THREADS 4096

#define COMMAND_END_MS 1000 /* given to COMMAND to end when the watch ends before it */

struct watch {
	struct watch_options options;
	struct outputs outputs;
	struct symbols *symbols;
	struct probe *probe;
	struct engine *engine;
	struct caller caller;
	struct launch launch;
	bool launched; /* COMMAND runs, or has run */
	int command_status; /* -1: it still runs */
	int signals;
	size_t targets; /* of -p that have not ended */
	uint64_t stalls;
	bool ended; /* nothing is left to watch */
	bool seen_loop;
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

static void on_stall(void *context, const struct stall_record *record)
{
	struct watch *watch = context;

	watch->stalls++;
	outputs_stall(&watch->outputs, record);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct watch *watch = context;

	outputs_blocked(&watch->outputs, record);
}

static void on_process_exit(void *context, const struct exit_record *record, bool asked_for)
{
	struct watch *watch = context;

	if (!asked_for && !watch->options.follow)
		return;
	outputs_exit(&watch->outputs, record);
	if (asked_for && watch->targets && !--watch->targets)
		watch->ended = true;
}

/* -- what is to be watched -- */

/* 0, or -errno: the reason was said. */
static int check_target(pid_t pid)
{
	pid_t tgid = 0;

	switch (process_kind(pid, &tgid)) {
	case PROCESS_NORMAL:
		if (pid == getpid()) {
			message_error(
				"cannot watch %d: that is blockprof itself; give another process",
				pid);
			return -EINVAL;
		}
		if (process_is_stopped(pid))
			message_warn(
				"process %d is stopped; its loops stand still until it goes on",
				pid);
		return 0;
	case PROCESS_KERNEL_THREAD:
		message_error("cannot watch %d: it is a thread of the kernel and runs no loop; "
			      "give a process of a program",
			      pid);
		return -EINVAL;
	case PROCESS_ZOMBIE:
		message_error(
			"cannot watch %d: it has ended and waits for its parent to take notice "
			"(zombie); give a process that runs",
			pid);
		return -ESRCH;
	case PROCESS_THREAD:
		message_error("cannot watch %d: it is a thread of process %d; use -p %d", pid, tgid,
			      tgid);
		return -EINVAL;
	case PROCESS_NONE:
		break;
	}
	message_error("cannot watch %d: no such process; look it up with ps or pgrep", pid);
	return -ESRCH;
}

static int check_targets(const struct watch_options *options)
{
	int err = 0;

	for (size_t i = 0; i < options->nr_pids && !err; i++)
		err = check_target(options->pids[i]);
	return err;
}

static int add_targets(struct watch *watch)
{
	const struct watch_options *options = &watch->options;
	int err = 0;

	if (watch->launched)
		err = engine_watch(watch->engine, watch->launch.pid);
	for (size_t i = 0; i < options->nr_pids && !err; i++)
		err = engine_watch(watch->engine, options->pids[i]);
	watch->targets = watch->launched ? 1 : options->nr_pids;
	if (err)
		message_error("cannot watch: %s; watch fewer processes", strerror(-err));
	return err;
}

/* One that ended before its end could be seen gets no record of it. */
static int check_still_there(struct watch *watch)
{
	for (size_t i = 0; i < watch->options.nr_pids; i++) {
		pid_t pid = watch->options.pids[i];
		enum process_kind kind = process_kind(pid, NULL);

		if (kind == PROCESS_NORMAL || watch->ended)
			continue;
		engine_run(watch->engine);
		if (watch->ended || watch->options.nr_pids > 1)
			continue;
		message_error("cannot watch %d: it ended while the probes came up; give a process "
			      "that runs longer",
			      pid);
		return -ESRCH;
	}
	return 0;
}

/* -- what is said -- */

static void say_process(struct watch *watch, pid_t pid)
{
	char comm[16] = "", interpreter[64], threshold[DURATION_BYTES];
	unsigned int loops = engine_loops(watch->engine, pid);
	const char *runtime = engine_runtime(watch->engine, pid);
	const char *python =
		engine_interpreter(watch->engine, pid, interpreter, sizeof(interpreter));

	process_comm(pid, comm);
	words_duration(watch->options.threshold_ns, threshold);
	if (loops)
		message_note("watching %s[%d]: %u loop%s (%s%s%s), turns over %s; Ctrl-C for the "
			     "summary",
			     comm, pid, loops, loops == 1 ? "" : "s", runtime, python ? ", " : "",
			     python ? python : "", threshold);
	else
		message_note("watching %s[%d]%s%s%s, turns over %s; Ctrl-C for the summary", comm,
			     pid, python ? " (" : "", python ? python : "", python ? ")" : "",
			     threshold);
	if (engine_unreadable(watch->engine, pid))
		message_warn("%s[%d] runs %s, whose frames cannot be read; native stacks only",
			     comm, pid, python);
}

static void say_no_loop(struct watch *watch, pid_t pid, const char *when)
{
	char comm[16] = "";

	if (engine_loops(watch->engine, pid) || watch->options.all_threads)
		return;
	if (process_comm(pid, comm))
		return;
	message_note(
		"no event loop in %s[%d]%s; --all-threads shows the blocked time of every thread",
		comm, pid, when);
}

static void say_watching(struct watch *watch)
{
	const struct watch_options *options = &watch->options;
	char threshold[DURATION_BYTES];

	if (watch->launched) {
		say_process(watch, watch->launch.pid);
	} else if (options->nr_pids == 1) {
		say_process(watch, options->pids[0]);
	} else {
		words_duration(options->threshold_ns, threshold);
		if (options->nr_pids)
			message_note("watching %zu processes: %u loops, turns over %s; "
				     "Ctrl-C for the summary",
				     options->nr_pids, engine_loops(watch->engine, 0), threshold);
		else
			message_note("watching the whole system: %u loops, turns over %s; "
				     "Ctrl-C for the summary",
				     engine_loops(watch->engine, 0), threshold);
	}
	for (size_t i = 0; i < options->nr_pids; i++)
		say_no_loop(watch, options->pids[i], " yet");
}

static void start_record(struct watch *watch)
{
	struct utsname name;
	struct start_record record = {
		.mono_ns = engine_started_ns(watch->engine),
		.version = BLOCKPROF_VERSION,
		.pids = watch->launched ? &watch->launch.pid : watch->options.pids,
		.nr_pids = watch->launched ? 1 : watch->options.nr_pids,
		.threshold_ns = watch->options.threshold_ns,
	};

	if (!uname(&name)) {
		record.host = name.nodename;
		record.kernel = name.release;
	}
	record.features = probe_features(watch->probe, &record.nr_features);
	outputs_start(&watch->outputs, &record);
}

/* -- the watch -- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* COMMAND's end; the symbolizer is a child too, and waited for elsewhere. */
static void reap_command(struct watch *watch)
{
	int status;

	if (watch->launched && watch->command_status < 0 &&
	    waitpid(watch->launch.pid, &status, WNOHANG) == watch->launch.pid) {
		watch->command_status = status;
		watch->ended = true;
	}
}

/* Whether it is time to stop. */
static bool take_signals(struct watch *watch)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(watch->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap_command(watch);
		else
			stop = true;
	}
	return stop;
}

static void watch_until_end(struct watch *watch)
{
	uint64_t start_ns = engine_started_ns(watch->engine);
	struct pollfd fds[] = {
		{ .fd = watch->signals, .events = POLLIN },
		{ .fd = probe_fd(watch->probe), .events = POLLIN },
	};

	while (!watch->ended && !outputs_are_dead(&watch->outputs)) {
		int wait_ms = engine_tick_ms(watch->engine);
		uint64_t ran_ns = probe_now_ns() - start_ns;

		if (watch->options.duration_ns) {
			uint64_t left_ns = watch->options.duration_ns;

			if (ran_ns >= left_ns)
				return;
			left_ns -= ran_ns;
			if (left_ns < wait_ms * 1000000ull)
				wait_ms = left_ns / 1000000 + 1;
		}
		poll(fds, 2, wait_ms);
		if (fds[0].revents && take_signals(watch))
			return;
		engine_run(watch->engine);
	}
}

/* A COMMAND that outlives the watch is asked to end. */
static void end_command(struct watch *watch)
{
	struct pollfd fd = { .fd = watch->signals, .events = POLLIN };

	if (!watch->launched || watch->command_status >= 0)
		return;
	kill(watch->launch.pid, SIGTERM);
	poll(&fd, 1, COMMAND_END_MS);
	take_signals(watch);
	reap_command(watch);
}

static void finish(struct watch *watch)
{
	struct summary_record record;

	engine_finish(watch->engine);
	end_command(watch);
	if (!watch->seen_loop && watch->launched && !watch->options.all_threads)
		message_note("no event loop was seen; --all-threads shows the blocked time of "
			     "every thread");
	if (engine_summary(watch->engine, &record))
		return;
	record.command_status = watch->command_status;
	outputs_summary(&watch->outputs, &record);
	summary_free(&record);
}

static int open_probe(struct watch *watch)
{
	const struct watch_options *options = &watch->options;
	bool system = !options->nr_pids && !options->command;
	struct probe_options probe_options = {
		.threshold_ns = options->threshold_ns,
		.whole_system = system,
		.all_threads = options->all_threads,
		.slots = options->all_threads ? SLOTS_ALL_THREADS
			 : system	      ? SLOTS_SYSTEM
					      : SLOTS_PIDS,
		.libbpf_log = options->verbosity > 1,
	};
	struct engine_options engine_options = {
		.threshold_ns = options->threshold_ns,
		.whole_system = system,
		.follow = options->follow,
		.all_threads = options->all_threads,
		.overrides = options->overrides,
		.nr_overrides = options->nr_overrides,
	};
	const struct engine_sink sink = {
		.context = watch,
		.loop = on_loop,
		.stall = on_stall,
		.blocked = on_blocked,
		.exit = on_process_exit,
	};
	const char *reason = "out of memory";
	int err;

	err = probe_open(&watch->probe, &probe_options, &reason);
	if (err) {
		message_error("cannot watch: %s", reason);
		return err;
	}
	err = engine_new(&watch->engine, &engine_options, watch->probe, watch->symbols, &sink);
	if (err)
		message_error("cannot watch: %s", strerror(-err));
	return err;
}

/* Whose program what we start is. 0 or -errno: the reason was said. */
static int find_caller(struct watch *watch)
{
	const char *what = watch->options.command ? watch->options.command[0] : NULL;
	const char *wrong;
	int err;

	if (!what)
		return 0;
	err = caller_find(&watch->caller, &wrong);
	if (err == -EINVAL)
		message_error("cannot start %s: %s is no id of a user or group, and it is not to "
			      "run as root by mistake; set it right, or unset SUDO_UID",
			      what, wrong);
	else if (err)
		message_error("cannot start %s: %s", what, strerror(-err));
	return err;
}

static int run(struct watch *watch)
{
	struct symbol symbol;
	int err;

	/* before anything large is there: its child is a copy of us */
	err = symbols_new(&watch->symbols);
	if (err) {
		message_error("cannot watch: no symbolizer: %s", strerror(-err));
		return err;
	}
	err = open_probe(watch);
	/* libbpf has read all of the kernel's types: that memory is not needed again */
	malloc_trim(0);
	if (!err)
		err = outputs_open(&watch->outputs, &watch->options.outputs,
				   &watch->options.output);
	if (err)
		return err;
	if (watch->options.command) {
		err = launch_hold(&watch->launch, watch->options.command, &watch->caller);
		if (err) {
			message_error("cannot start %s: %s", watch->options.command[0],
				      strerror(-err));
			return err;
		}
		watch->launched = true;
	}
	err = add_targets(watch);
	if (!err) {
		engine_start(watch->engine);
		start_record(watch);
		err = engine_look(watch->engine);
		if (err)
			message_error("cannot watch: looking at threads failed: %s",
				      strerror(-err));
	}
	if (!err) {
		engine_run(watch->engine);
		err = check_still_there(watch);
	}
	if (err) {
		if (watch->launched)
			launch_abandon(&watch->launch);
		return err;
	}
	/* the kernel's symbols are read at the first question, which takes a while: now, not in a stall */
	symbols_kernel(watch->symbols, 0, &symbol);
	/* before it is said that it is watched: it may not be there */
	if (watch->launched) {
		err = launch_go(&watch->launch);
		if (err) {
			waitpid(watch->launch.pid, NULL, 0);
			message_error("cannot start '%s': %s; check its name and your PATH",
				      watch->options.command[0], strerror(-err));
			return err;
		}
	}
	say_watching(watch);
	watch_until_end(watch);
	finish(watch);
	return 0;
}

int cmd_watch(int argc, char **argv)
{
	struct watch watch = { .command_status = -1 };
	int err;

	err = watch_options_parse(&watch.options, argc, argv);
	if (err || watch.options.help || watch.options.version) {
		if (watch.options.help)
			watch_options_help();
		else if (watch.options.version)
			printf("blockprof %s\n", BLOCKPROF_VERSION);
		watch_options_free(&watch.options);
		return err ? EXIT_USAGE : EXIT_OK;
	}
	message_set_level(watch.options.verbosity);
	watch.signals = open_signals();
	signal(SIGPIPE, SIG_IGN);
	err = watch.signals < 0 ? watch.signals : check_targets(&watch.options);
	if (!err)
		err = find_caller(&watch);
	if (!err)
		err = run(&watch);
	if (outputs_close(&watch.outputs))
		err = err ? err : -EIO;
	engine_free(watch.engine);
	probe_close(watch.probe);
	symbols_free(watch.symbols);
	caller_free(&watch.caller);
	watch_options_free(&watch.options);
	if (err)
		return EXIT_COULD_NOT;
	return watch.options.fail && watch.stalls ? EXIT_STALLED : EXIT_OK;
}
