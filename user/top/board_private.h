/* SPDX-License-Identifier: GPL-2.0-or-later */
/* board_private.h - what board.c keeps of loops, and rows.c makes rows of. */
#ifndef BLOCKPROF_TOP_BOARD_PRIVATE_H
#define BLOCKPROF_TOP_BOARD_PRIVATE_H

#include "model/hist.h"
#include "model/leak.h"
#include "output/where.h"
#include "top/board.h"

/* The state of a loop at a moment: totals since its thread came under watch. */
struct mark {
	uint64_t time_ns;
	uint64_t wall_ns;
	uint64_t idle_ns;
	uint64_t turns;
	uint64_t stalls;
	uint64_t stalled_ns;
	uint64_t delayed_events;
	uint64_t causes_ns[CAUSE_NR];
	unsigned int hist[HIST_BUCKETS];
	uint64_t longest_ns; /* of the bases: the longest turn that ended since, or lasts */
};

/*
 * Where windows begin. The recent one begins at BASE_RECENT; once that is ten
 * seconds old, at BASE_RECENT_NEXT, which is five seconds younger.
 */
enum base {
	BASE_INTERVAL,
	BASE_RECENT,
	BASE_RECENT_NEXT,
	BASE_NR,
};

struct entry {
	uint64_t number;
	struct thread_id id; /* its runtime is not set */
	char *runtime;
	bool unseen; /* known by a report of a stall only */
	uint64_t since_ns;
	uint64_t before_ns[CAUSE_NR]; /* the part of its first block that was before since_ns */
	uint64_t seen_ns;
	uint64_t ended_ns; /* 0: not yet */
	struct {
		uint64_t stalls;
		uint64_t stalled_ns;
		uint64_t delayed_events;
		uint64_t causes_ns[CAUSE_NR]; /* cpu, runqueue, throttled; unseen: all */
	} stalls; /* that have ended */
	uint64_t ongoing_seq; /* the turn of the stall that it is in; 0: none */
	uint64_t ongoing_began_ns;
	uint64_t ongoing_start_ns; /* no sooner than since_ns */
	unsigned int ongoing_missing; /* refreshes since it was last seen in that turn */
	uint64_t longest_ns;
	uint64_t ended_longest_ns; /* of stalls reported since the last refresh */
	struct mark now;
	struct mark bases[BASE_NR];
	int64_t tasks;
	int64_t threads;
	struct leak tasks_leak;
	struct leak threads_leak;
	struct history history;
};

struct board {
	struct entry **entries; /* room: the next power of two */
	size_t nr;
	size_t hint; /* where the next loop probably is */
	size_t asked; /* which one board_ask() goes on with */
	size_t ended;
	size_t histories; /* stalls that are kept */
	size_t history_bytes; /* that they take */
	uint64_t unseen; /* entries made for a stall only */
	uint64_t now_ns;
	uint64_t start_ns;
	uint64_t threshold_ns;
	uint64_t stalls;
	uint64_t left_out;
	struct board_row *rows;
	size_t rows_room;
	struct where *where;
};

#endif
