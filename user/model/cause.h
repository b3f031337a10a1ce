/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cause.h - why time was lost. A new cause takes a value here, a row in cause.c and a line in scripts/blockprof.8. */
#ifndef BLOCKPROF_MODEL_CAUSE_H
#define BLOCKPROF_MODEL_CAUSE_H

#include <stdbool.h>

enum cause {
	/* The ledger knows these by themselves, ... */
	CAUSE_CPU,
	CAUSE_RUNQUEUE,
	CAUSE_THROTTLED,
	/* ... and those as blocked time. */
	CAUSE_SLEEP,
	CAUSE_FILE,
	CAUSE_SOCKET,
	CAUSE_DNS,
	CAUSE_PIPE,
	CAUSE_TTY,
	CAUSE_LOCK,
	CAUSE_GIL,
	CAUSE_CHILD,
	CAUSE_POLL,
	CAUSE_FAULT,
	CAUSE_STOPPED,
	CAUSE_IPC,
	CAUSE_OTHER,
	CAUSE_NR,
};

/* The word of blockprof-json(5); cause_parse() gives CAUSE_NR for what is none. */
const char *cause_name(enum cause cause);
enum cause cause_parse(const char *name);

/* Is it time that a thread was blocked? Else it ran, or was ready to. */
bool cause_is_blocked(enum cause cause);

/* What people read of it. */
struct cause_words {
	const char *meaning; /* as in the man page: what a slice of it is */
	const char *lasting; /* of a stall that goes on: "still blocked" */
	const char *instead; /* where there is neither a call nor a target to show; NULL: nothing */
	/* Of another thread, before the call and the object that it was in: "waited in". */
	const char *deed;
	const char *idle_deed; /* where that is its way to wait for work; NULL: the same */
	const char
		*joint; /* between call and object: " for ", " of "; NULL: the deed says it all */
};

const struct cause_words *cause_words(enum cause cause);

#endif
