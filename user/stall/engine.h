/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - from the kernel side's records to stalls: knows the watched
 * processes, recognises their loops, merges slices, checks ledgers, reports
 * turns that pass the threshold while they last and when they end.
 */
#ifndef BLOCKPROF_STALL_ENGINE_H
#define BLOCKPROF_STALL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/hist.h"
#include "model/length.h"
#include "model/model.h"
#include "stall/state/options.h"

struct engine;
struct probe;
struct symbols;

/* probe is open and not started yet; probe, symbols and options outlive the engine. */
int engine_new(struct engine **out, const struct engine_options *options, struct probe *probe,
	       struct symbols *symbols, const struct engine_sink *sink);
void engine_free(struct engine *engine);

/* Watches a process. Before engine_start(), or later (a COMMAND). 0 or -errno. */
int engine_watch(struct engine *engine, pid_t pid);
/* From here on events count. */
void engine_start(struct engine *engine);
/* Finds the loops that are there, and what is blocked already. Once, right after the start. 0 or -errno. */
int engine_look(struct engine *engine);

/* Reads the records that have come, finds what is overdue. Call when the probe is readable, and each tick. */
void engine_run(struct engine *engine);
/* What turns that were no stalls were blocked in is reported now, too, and not only each 10 s. After engine_run(). */
void engine_report_blocked(struct engine *engine);
/* Something of that process cannot be seen, if it is watched. */
void engine_blind(struct engine *engine, pid_t pid, enum blind blind);
/* How long to wait at the most before the next engine_run(), in milliseconds. */
int engine_tick_ms(const struct engine *engine);

/*
 * Reports what is still open: turns that last, and blocked time. Records that cannot be
 * read in half a second (hurried) or some seconds are counted as lost.
 */
void engine_finish(struct engine *engine, bool hurried);
/* Loops and losses for the summary. The arrays are the caller's: summary_free(). */
int engine_summary(struct engine *engine, struct summary_record *record);
/* As it is now, of the loops that are there; the period goes on. Likewise. */
int engine_live_summary(struct engine *engine, struct summary_record *record);
/* Without the loops: what was lost, discarded, or cannot be seen. Likewise. */
void engine_unseen(struct engine *engine, struct summary_record *record);
/* Adds a loss that is not the engine's; none if count is 0. */
void summary_lost(struct summary_record *record, enum loss loss, uint64_t count);
void summary_free(struct summary_record *record);
/*
 * For a watch that is reported in parts: the next summary begins here, and every
 * loop is reported again.
 */
void engine_new_period(struct engine *engine);

/* To be called every few milliseconds while a child is waited for: what does not bear that it waits, too. */
void engine_meanwhile(struct engine *engine);

size_t engine_processes(const struct engine *engine); /* watched now */

/* A loop as it stands, the turn that it is in included. Totals are since its thread came under watch. */
struct engine_loop {
	const struct thread_id *id; /* valid during the call */
	uint64_t number; /* no other loop of this watch has it */
	uint64_t now_ns;
	uint64_t turns; /* finished */
	uint64_t wall_ns; /* of turns and idle time */
	uint64_t idle_ns;
	struct ledger ledger;
	/* Blocked time by cause; blocks shorter than a twentieth of the threshold come in sums, later. */
	uint64_t blocked_ns[CAUSE_NR];
	uint64_t longest_ns; /* of finished turns */
	unsigned int hist[HIST_BUCKETS]; /* of their lengths: hist.h */
	unsigned int over[LENGTH_BOUNDS]; /* likewise: length.h */
	uint64_t turn_seq; /* the turn that it is in, as in stall_record.turn; 0: none */
	struct ledger turn; /* of that turn so far */
};

typedef void engine_loop_fn(void *context, const struct engine_loop *loop);
/* Every loop that is there. Call after engine_run(), so that what has ended is in the totals. */
void engine_each_loop(struct engine *engine, engine_loop_fn *fn, void *context);
/* asyncio tasks of a process that have not ended; -1: not known. */
int64_t engine_tasks(struct engine *engine, pid_t pid);

/* For "watching ...": loops known in a process (0: all), and a word on its interpreter ("CPython 3.11", NULL). */
unsigned int engine_loops(struct engine *engine, pid_t pid);
const char *engine_runtime(struct engine *engine, pid_t pid); /* of its first loop; NULL: none */
const char *engine_interpreter(struct engine *engine, pid_t pid, char *buf, size_t size);
/* A file whose name begins so is mapped in it, as far as its program was looked at. */
bool engine_has_mapped(struct engine *engine, pid_t pid, const char *library);
/* The language that its program is written in, whose lines are not read; NULL: none is known. */
const char *engine_unread(struct engine *engine, pid_t pid);
uint64_t engine_started_ns(const struct engine *engine);

#endif
