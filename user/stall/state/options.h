/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - what the engine is told to do, and where what it finds goes. */
#ifndef BLOCKPROF_STALL_STATE_OPTIONS_H
#define BLOCKPROF_STALL_STATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/model.h"

struct filter;
struct memory_source;

/* Where what the engine finds goes; called from engine_*() only. */
struct engine_sink {
	void *context;
	void (*loop)(void *context, const struct loop_record *record);
	void (*stall)(void *context, const struct stall_record *record);
	void (*blocked)(void *context, const struct blocked_record *record);
	void (*exit)(void *context, const struct exit_record *record, bool asked_for);
	void (*note)(void *context, const struct note_record *record); /* may be NULL */
};

/* What the user says of one thread's wait (--loop). */
struct engine_override {
	pid_t tid;
	int fd; /* -1: the thread is no loop */
};

struct engine_options {
	struct memory_source *memory; /* of targets; outlives the engine */
	uint64_t threshold_ns;
	bool whole_system;
	const struct filter *filter; /* of the whole system only these; NULL: all */
	bool follow; /* children too */
	bool all_threads;
	const struct engine_override *overrides;
	size_t nr_overrides;
};

#endif
