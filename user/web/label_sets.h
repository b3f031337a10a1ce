/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label_sets.h - counters by what metrics are told apart by: bounded, however many programs of
 * whatever names there are. What there is no room for is counted in a set of its own.
 */
#ifndef BLOCKPROF_WEB_LABEL_SETS_H
#define BLOCKPROF_WEB_LABEL_SETS_H

#include "model/model.h"

#define LABEL_SETS_MAX 512
#define LABEL_OTHER    "[other]" /* comm of the set for the rest */

struct exemplar {
	char turn[40]; /* "": there is none */
	uint64_t ns;
	uint64_t time_ns;
};

/* All but loops only ever grow. */
struct counters {
	uint64_t turns[LENGTH_BUCKETS];
	uint64_t busy_ns; /* of turns */
	uint64_t stalls[CAUSE_NR];
	uint64_t stall_ns[CAUSE_NR];
	uint64_t blocked_ns[CAUSE_NR];
	uint64_t delayed_events;
	uint64_t notes[NOTE_KIND_NR]; /* of processes with such a loop */
	uint64_t loops; /* that are there now */
};

struct label_set {
	char *comm;
	char *runtime;
	char *unit; /* NULL: none */
	char *container; /* home_container() */
	char *pod;
	char *namespace;
	uint64_t used; /* when it last counted something: larger is later */
	struct counters counters;
	struct counters shown; /* of them in the last scrape */
	struct exemplar of_turns[LENGTH_BUCKETS];
	struct exemplar of_stalls[CAUSE_NR];
};

struct label_sets;

int label_sets_new(struct label_sets **out); /* 0 or -ENOMEM */
void label_sets_free(struct label_sets *sets);
/* The loop counts there from now on. */
void label_sets_put(struct label_sets *sets, const struct loop_record *loop);
/* Where a loop counts. */
struct label_set *label_sets_of(struct label_sets *sets, const struct thread_id *id);
/* Where what is said of a whole process counts: with one of its loops. */
struct label_set *label_sets_of_process(struct label_sets *sets, pid_t pid);
/* Those that are there now: begin, then each. Loops that were not there twice in a row are forgotten. */
void label_sets_begin(struct label_sets *sets);
void label_sets_live(struct label_sets *sets, const struct thread_id *id);
/* Numbers of loops begin anew; what was counted stays. */
void label_sets_forget_loops(struct label_sets *sets);

size_t label_sets_nr(const struct label_sets *sets);
const struct label_set *label_sets_at(const struct label_sets *sets, size_t i);
/* Somebody has seen all of them as they are. */
void label_sets_shown(struct label_sets *sets);
/* How many loops had no set of their own. */
uint64_t label_sets_without(const struct label_sets *sets);

#endif
