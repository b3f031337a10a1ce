/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - a watch in progress: the symbolizer, the probes and the engine,
 * put together for a scope, and the signals that end it. What watch, top and
 * serve have in common. Functions that fail leave the reason in the session.
 */
#ifndef BLOCKPROF_SESSION_SESSION_H
#define BLOCKPROF_SESSION_SESSION_H

#include <poll.h>
#include <sys/utsname.h>

#include "base/give_back.h"
#include "base/memory.h"
#include "model/model.h"
#include "session/scope.h"
#include "stall/engine.h"

struct precedence;
struct probe;
struct readers;
struct symbols;
struct zygote;

#define SESSION_FDS	     8 /* of the caller's, at most */
#define SESSION_REASON_BYTES 256

struct session_options {
	const struct scope *scope; /* outlives the session */
	bool whole_system; /* the scope has no pids, and there is no COMMAND */
	bool libbpf_log; /* libbpf's own log goes to standard error */
	struct zygote *zygote; /* forks the children that read targets; it outlives the session */
};

/* Starts as { 0 }. */
struct session {
	const struct scope *scope;
	struct precedence *precedence; /* NULL: none */
	struct readers *readers;
	struct memory_source memory; /* theirs */
	struct symbols *symbols;
	struct probe *probe;
	struct engine *engine;
	int signals; /* a signalfd; the symbolizer is a child too, and waited for elsewhere */
	pid_t command; /* COMMAND's process; 0: none */
	size_t targets; /* how many of those asked for have not ended */
	struct give_back freed;
	bool ended; /* nothing is left to watch */
	/* Why it cannot be watched: "REASON; REMEDY"; "": nothing failed. */
	char reason[SESSION_REASON_BYTES];
};

/* Signals that have come, as session_step() returns them. */
#define SESSION_SIGNAL(number) (1ull << (number))
#define SESSION_STOP	       (SESSION_SIGNAL(SIGINT) | SESSION_SIGNAL(SIGTERM))

/*
 * Opens all of it; nothing is watched yet. SIGINT, SIGTERM, SIGHUP and SIGCHLD
 * are blocked from here on. 0 or -errno.
 */
int session_open(struct session *session, const struct session_options *options,
		 const struct engine_sink *sink);
void session_close(struct session *session);

/* From here on events count. command: a held child that is to be watched, too; 0: none. */
int session_begin(struct session *session, pid_t command);
/* Looks at what is there already; loops are reported to the sink. After it the probes are in place. */
int session_look(struct session *session);
/* To be called by the engine's sink: one of the processes asked for has ended. */
void session_target_ended(struct session *session);

/*
 * Waits until there is something to do, at most max_ms (-1: no such limit), and
 * has the engine do it. fds are the caller's, and polled, too. Returns the signals
 * that came.
 */
uint64_t session_step(struct session *session, struct pollfd *fds, size_t nr_fds, int max_ms);
/* The watch was interrupted: a second Ctrl-C ends the process at once. */
void session_let_interrupt(void);
/* Whether nothing is left to watch, or the scope's duration is over. */
bool session_is_over(const struct session *session);

/* The start record of this watch. name is filled and outlives it. */
void session_start_record(const struct session *session, struct utsname *name,
			  struct start_record *record);

#endif
