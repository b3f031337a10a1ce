/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cause.h - why time was lost. A new cause takes a value here, a row in cause.c and a line in scripts/blockprof.8. */
#ifndef BLOCKPROF_MODEL_CAUSE_H
#define BLOCKPROF_MODEL_CAUSE_H

#include <stdbool.h>

enum cause {
	/* The ledger knows these by themselves, ... */
	CAUSE_CPU,
	CAUSE_GC, /* as cpu or blocked time: slice_is_cpu() */
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

/* Is it time that a thread was blocked, as far as the cause says? Else it ran, or was ready to. */
bool cause_is_blocked(enum cause cause);

/* What people read of it. */
struct cause_words {
	const char *meaning; /* as in the man page: what a slice of it is */
	const char *lasting; /* while the stall lasts: "still blocked" */
	const char *instead; /* shown where neither a call nor a target is known; NULL: nothing */
	/* What another thread did, followed by the call and its object: "waited in". */
	const char *deed;
	const char *idle_deed; /* the same where it waited for work; NULL: no difference */
	const char *joint; /* between call and object: " for ", " of "; NULL: neither is shown */
};

const struct cause_words *cause_words(enum cause cause);

#endif
