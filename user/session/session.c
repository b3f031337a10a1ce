// SPDX-License-Identifier: GPL-2.0-or-later
/* session.c - in which order the parts of a watch come up and go, and what it waits for in between. */
#include "session/session.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/give_back.h"
#include "base/meanwhile.h"
#include "base/precedence.h"
#include "probe/features.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "reader/reader.h"
#include "stall/loops/filter.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"

/* For so many threads at a time a ledger can be kept. */
#define SLOTS_PIDS	  256
#define SLOTS_SYSTEM	  1024
#define SLOTS_ALL_THREADS 4096

/* Leaves the reason, to stand behind "cannot watch: ". Returns err. */
static int __attribute__((format(printf, 3, 4)))
fail(struct session *session, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(session->reason, sizeof(session->reason), format, args);
	va_end(args);
	return err;
}

static int open_signals(void)
{
	struct sigaction hangup;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* nohup(1) */
	if (sigaction(SIGHUP, NULL, &hangup) || hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int open_probe(struct session *session, const struct session_options *options,
		      const struct engine_sink *sink)
{
	const struct scope *scope = session->scope;
	struct probe_options probe_options = {
		.threshold_ns = scope->threshold_ns,
		.whole_system = options->whole_system,
		.filtered = !filter_is_empty(scope->filter),
		.all_threads = scope->all_threads,
		.slots = scope->all_threads	 ? SLOTS_ALL_THREADS
			 : options->whole_system ? SLOTS_SYSTEM
						 : SLOTS_PIDS,
		.libbpf_log = options->libbpf_log,
	};
	struct engine_options engine_options = {
		.memory = &session->memory,
		.threshold_ns = scope->threshold_ns,
		.whole_system = options->whole_system,
		.filter = filter_is_empty(scope->filter) ? NULL : scope->filter,
		.follow = scope->follow,
		.all_threads = scope->all_threads,
		.overrides = scope->overrides,
		.nr_overrides = scope->nr_overrides,
	};
	const char *reason = "out of memory";
	int err;

	err = probe_open(&session->probe, &probe_options, &reason);
	if (err)
		return fail(session, err, "%s", reason);
	err = engine_new(&session->engine, &engine_options, session->probe, session->symbols, sink);
	return err ? fail(session, err, "%s", strerror(-err)) : 0;
}

/* While a child is waited for, records go on to come, and loops get old. */
static void run_meanwhile(void *engine)
{
	engine_meanwhile(engine);
}

static void set_meanwhile(struct session *session, struct meanwhile meanwhile)
{
	if (session->symbols)
		symbols_meanwhile(session->symbols, meanwhile);
	if (session->readers)
		readers_meanwhile(session->readers, meanwhile);
}

int session_open(struct session *session, const struct session_options *options,
		 const struct engine_sink *sink)
{
	int err;

	session->scope = options->scope;
	session->signals = open_signals();
	if (session->signals < 0)
		return fail(session, session->signals, "no signals: %s",
			    strerror(-session->signals));
	/* where it is not allowed, a busy machine is watched as well as it lets us */
	precedence_new(&session->precedence);
	err = readers_new(&session->readers, options->zygote);
	if (err == -EMFILE || err == -ENFILE)
		return fail(session, err, "%s", features_refusal(err));
	if (err)
		return fail(session, err, "no reader of memory: %s", strerror(-err));
	session->memory = readers_source(session->readers);
	err = symbols_new(&session->symbols, symbolizer_main, &session->memory);
	if (err)
		return fail(session, err, "no symbolizer: %s", strerror(-err));
	symbols_precedence(session->symbols, session->precedence);
	err = open_probe(session, options, sink);
	if (!err)
		set_meanwhile(session, (struct meanwhile){ run_meanwhile, session->engine });
	/* libbpf has read all of the kernel's types, and needs that memory no more */
	malloc_trim(0);
	return err;
}

void session_close(struct session *session)
{
	set_meanwhile(session, (struct meanwhile){ 0 });
	engine_free(session->engine);
	probe_close(session->probe);
	symbols_free(session->symbols);
	readers_free(session->readers);
	precedence_free(session->precedence);
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
	if (err)
		return fail(session, err, "%s; watch fewer processes", strerror(-err));
	engine_start(session->engine);
	return 0;
}

/* For a process that ended before the probes were in place no record of that comes. */
static int check_still_there(struct session *session)
{
	const struct scope *scope = session->scope;

	for (size_t i = 0; i < scope->nr_pids; i++) {
		pid_t pid = scope->pids[i];
		enum process_kind kind = process_kind(pid, NULL);

		if (kind == PROCESS_NORMAL || kind == PROCESS_UNKNOWN || session->ended)
			continue;
		engine_run(session->engine);
		if (session->ended || scope->nr_pids > 1)
			continue;
		return fail(session, -ESRCH,
			    "process %d ended while the probes came up; give one that runs longer",
			    pid);
	}
	return 0;
}

/* What only those know that were asked. */
static void say_blind(struct session *session)
{
	bool in_files;
	pid_t pid;

	while ((pid = symbols_next_closed(session->symbols)))
		engine_blind(session->engine, pid, BLIND_FILES_REFUSED);

	while ((pid = symbols_next_late(session->symbols)))
		engine_blind(session->engine, pid, BLIND_FILES_LATE);

	while ((pid = readers_next_hung(session->readers, &in_files)))
		engine_blind(session->engine, pid, in_files ? BLIND_FILES_LATE : BLIND_MEMORY_LATE);
}

int session_look(struct session *session)
{
	struct symbol symbol;
	int err = engine_look(session->engine);

	if (err)
		return fail(session, err, "its threads could not be gone through: %s",
			    strerror(-err));
	engine_run(session->engine);
	say_blind(session);
	err = check_still_there(session);
	/* the first question has the kernel's symbols read, which takes a while: now, not in a stall */
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

void session_let_interrupt(void)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
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
	return duration_ns < (uint64_t)(tick * NS_PER_MS) ? (int)(duration_ns / NS_PER_MS + 1)
							  : tick;
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
	say_blind(session);
	give_back(&session->freed, probe_now_ns());
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
	uint64_t sleeping_ns = clock_read_ns(CLOCK_BOOTTIME) - clock_now_ns();

	*record = (struct start_record){
		.boot_ns = engine_started_ns(session->engine) + sleeping_ns,
		.zone = zone_here(clock_read_ns(CLOCK_REALTIME)),
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
