/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - what the engine is told to do, and where what it finds goes. */
#ifndef BLOCKPROF_STALL_STATE_OPTIONS_H
#define BLOCKPROF_STALL_STATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/model.h"
#include "model/way.h"

struct filter;
struct memory_source;

/* What is known of a thread. */
struct thread_account {
	struct thread_id id; /* runtime NULL: it runs no loop, so far */
	enum way way;
	enum doubt doubt;
	const char *against; /* what spoke against a loop; NULL: nothing did */
};

/* Where what the engine finds goes; called from engine_*() only. */
struct engine_sink {
	void *context;
	void (*loop)(void *context, const struct loop_record *record);
	void (*stall)(void *context, const struct stall_record *record);
	void (*withdrawn)(void *context, const struct withdrawn_record *record);
	/* Of a thread another thing is known than before. May be NULL. */
	void (*thread)(void *context, const struct thread_account *account);
	/* A turn over the threshold that is not reported. May be NULL. */
	void (*discarded)(void *context, const struct thread_id *id, enum discard reason,
			  uint64_t ns);
	/* Something of a process cannot be seen. May be NULL. */
	void (*blind)(void *context, const struct thread_id *id, enum blind blind);
	void (*blocked)(void *context, const struct blocked_record *record);
	void (*second)(void *context, const struct second_record *record); /* may be NULL */
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
