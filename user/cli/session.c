// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/session.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/message.h"
#include "cli/target.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"

/* Threads whose time can be kept at a time. */
#define SLOTS_PIDS	  256
#define SLOTS_SYSTEM	  1024
#define SLOTS_ALL_THREADS 4096

/* 0, or -errno: the reason was said. */
static int check_target(pid_t pid)
{
	int err = target_check(pid, "watch");

	if (!err && process_is_stopped(pid))
		message_warn("process %d is stopped; its loops stand still until it goes on", pid);
	return err;
}

/* Numbers of one pid namespace and a /proc of another would show other processes than were asked for. */
static int check_proc(void)
{
	char link[32];
	ssize_t nr = readlink("/proc/self", link, sizeof(link) - 1);

	long pid;

	if (nr > 0) {
		link[nr] = '\0';
		if (!number_parse(link, 1, INT_MAX, &pid) && pid == getpid())
			return 0;
	}
	message_error("cannot watch: /proc is not that of blockprof's pid namespace; mount that: "
		      "mount -t proc proc /proc, or unshare --mount-proc");
	return -EINVAL;
}

static int check_targets(const struct scope *scope)
{
	int err = 0;

	for (size_t i = 0; i < scope->nr_pids && !err; i++)
		err = check_target(scope->pids[i]);
	return err;
}

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

static int open_probe(struct session *session, bool whole_system, int verbosity,
		      const struct engine_sink *sink)
{
	const struct scope *scope = session->scope;
	struct probe_options probe_options = {
		.threshold_ns = scope->threshold_ns,
		.whole_system = whole_system,
		.filtered = !filter_is_empty(scope->filter),
		.all_threads = scope->all_threads,
		.slots = scope->all_threads ? SLOTS_ALL_THREADS
			 : whole_system	    ? SLOTS_SYSTEM
					    : SLOTS_PIDS,
		.libbpf_log = verbosity > 1,
	};
	struct engine_options engine_options = {
		.memory = &session->memory,
		.threshold_ns = scope->threshold_ns,
		.whole_system = whole_system,
		.filter = filter_is_empty(scope->filter) ? NULL : scope->filter,
		.follow = scope->follow,
		.all_threads = scope->all_threads,
		.overrides = scope->overrides,
		.nr_overrides = scope->nr_overrides,
	};
	const char *reason = "out of memory";
	int err;

	err = probe_open(&session->probe, &probe_options, &reason);
	if (err) {
		message_error("cannot watch: %s", reason);
		return err;
	}
	err = engine_new(&session->engine, &engine_options, session->probe, session->symbols, sink);
	if (err)
		message_error("cannot watch: %s", strerror(-err));
	return err;
}

/* While the symbolizer is waited for records go on coming. */
static void collect(void *probe)
{
	probe_collect(probe);
}

int session_open(struct session *session, const struct scope *scope, bool whole_system,
		 int verbosity, const struct engine_sink *sink)
{
	int err;

	session->scope = scope;
	session->memory = memory_source_direct();
	session->signals = open_signals();
	err = session->signals < 0 ? session->signals : check_proc();
	if (!err)
		err = check_targets(scope);
	if (err)
		return err;
	/* before anything large is there: its child is a copy of us */
	err = symbols_new(&session->symbols, symbolizer_main, &session->memory);
	if (err) {
		message_error("cannot watch: no symbolizer: %s", strerror(-err));
		return err;
	}
	err = open_probe(session, whole_system, verbosity, sink);
	if (!err)
		symbols_meanwhile(session->symbols, collect, session->probe);
	/* libbpf has read all of the kernel's types: that memory is not needed again */
	malloc_trim(0);
	return err;
}

void session_close(struct session *session)
{
	engine_free(session->engine);
	if (session->symbols)
		symbols_meanwhile(session->symbols, NULL, NULL);
	probe_close(session->probe);
	symbols_free(session->symbols);
	if (session->signals > 0)
		close(session->signals);
}

int session_begin(struct session *session, pid_t command)
{
	const struct scope *scope = session->scope;
	int err = 0;

	session->command = command;
	if (command)
		err = engine_watch(session->engine, command);
	for (size_t i = 0; i < scope->nr_pids && !err; i++)
		err = engine_watch(session->engine, scope->pids[i]);
	session->targets = command ? 1 : scope->nr_pids;
	if (err) {
		message_error("cannot watch: %s; watch fewer processes", strerror(-err));
		return err;
	}
	engine_start(session->engine);
	return 0;
}

/* One that ended before its end could be seen gets no record of it. */
static int check_still_there(struct session *session)
{
	const struct scope *scope = session->scope;

	for (size_t i = 0; i < scope->nr_pids; i++) {
		pid_t pid = scope->pids[i];
		enum process_kind kind = process_kind(pid, NULL);

		if (kind == PROCESS_NORMAL || session->ended)
			continue;
		engine_run(session->engine);
		if (session->ended || scope->nr_pids > 1)
			continue;
		message_error("cannot watch %d: it ended while the probes came up; give a process "
			      "that runs longer",
			      pid);
		return -ESRCH;
	}
	return 0;
}

int session_look(struct session *session)
{
	struct symbol symbol;
	int err = engine_look(session->engine);

	if (err) {
		message_error("cannot watch: looking at threads failed: %s", strerror(-err));
		return err;
	}
	engine_run(session->engine);
	err = check_still_there(session);
	/* the kernel's symbols are read at the first question, which takes a while: now, not in a stall */
	if (!err)
		symbols_kernel(session->symbols, 0, &symbol);
	return err;
}

void session_target_ended(struct session *session)
{
	if (session->targets && !--session->targets)
		session->ended = true;
}

static uint64_t ran_ns(const struct session *session)
{
	return probe_now_ns() - engine_started_ns(session->engine);
}

static uint64_t take_signals(const struct session *session)
{
	struct signalfd_siginfo info;
	uint64_t signals = 0;

	while (read(session->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo < 64)
			signals |= SESSION_SIGNAL(info.ssi_signo);
	return signals;
}

/* In milliseconds, until the engine or the end of the watch wants the next step. */
static int tick_ms(const struct session *session)
{
	uint64_t duration_ns = session->scope->duration_ns, ran = ran_ns(session);
	int tick = engine_tick_ms(session->engine);

	if (!duration_ns)
		return tick;
	if (ran >= duration_ns)
		return 0;
	duration_ns -= ran;
	return duration_ns < tick * 1000000ull ? (int)(duration_ns / 1000000 + 1) : tick;
}

uint64_t session_step(struct session *session, struct pollfd *fds, size_t nr_fds, int max_ms)
{
	struct pollfd all[2 + SESSION_FDS] = {
		{ .fd = session->signals, .events = POLLIN },
		{ .fd = probe_fd(session->probe), .events = POLLIN },
	};
	int wait_ms = tick_ms(session);

	if (nr_fds > SESSION_FDS)
		nr_fds = SESSION_FDS;
	for (size_t i = 0; i < nr_fds; i++) {
		fds[i].revents = 0;
		all[2 + i] = fds[i];
	}
	if (max_ms >= 0 && max_ms < wait_ms)
		wait_ms = max_ms;
	if (poll(all, 2 + nr_fds, wait_ms) > 0)
		for (size_t i = 0; i < nr_fds; i++)
			fds[i].revents = all[2 + i].revents;
	engine_run(session->engine);
	return take_signals(session);
}

bool session_is_over(const struct session *session)
{
	uint64_t duration_ns = session->scope->duration_ns;

	return session->ended || (duration_ns && ran_ns(session) >= duration_ns);
}

void session_start_record(const struct session *session, struct utsname *name,
			  struct start_record *record)
{
	*record = (struct start_record){
		.mono_ns = engine_started_ns(session->engine),
		.version = BLOCKPROF_VERSION,
		.pids = session->command ? &session->command : session->scope->pids,
		.nr_pids = session->command ? 1 : session->scope->nr_pids,
		.threshold_ns = session->scope->threshold_ns,
	};
	if (!uname(name)) {
		record->host = name->nodename;
		record->kernel = name->release;
	}
	record->only = filter_pairs(session->scope->filter, &record->nr_only);
	record->features = probe_features(session->probe, &record->nr_features);
}
