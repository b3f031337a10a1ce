/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * board.h - what `top` shows: figures of each loop over a window of time, sorted.
 * It is fed reports of stalls and, at each refresh, the state of each loop. It
 * draws nothing.
 */
#ifndef BLOCKPROF_TOP_BOARD_H
#define BLOCKPROF_TOP_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "stall/engine.h"
#include "top/history.h"

struct board;

enum board_window {
	WINDOW_RECENT, /* the last five to ten seconds */
	WINDOW_INTERVAL, /* since the refresh before the last */
	WINDOW_START,
	WINDOW_NR,
};

#define BOARD_RECENT_NS (10 * NS_PER_SEC)

/* What is shown of a loop. Loops can be sorted by each. */
enum board_column {
	COLUMN_STALLED,
	COLUMN_LOOP,
	COLUMN_CAUSE,
	COLUMN_LONGEST,
	COLUMN_P99,
	COLUMN_TURNS,
	COLUMN_EVENTS,
	COLUMN_TASKS,
	COLUMN_THREADS,
	COLUMN_NR,
};

/* Of one loop in one window. */
struct board_row {
	uint64_t number; /* of the loop, for as long as it is on the board */
	struct thread_id id; /* valid as long as the board's rows are */
	bool stalled; /* in a stall right now */
	bool ended;
	uint64_t span_ns; /* the part of the window in which the loop was there */
	uint64_t stalled_ns; /* the part of that in turns longer than the threshold */
	uint64_t causes_ns[CAUSE_NR]; /* blocked in any turn; cpu, runqueue, throttled: in stalls */
	uint64_t idle_ns;
	uint64_t turns;
	uint64_t stalls;
	uint64_t longest_ns; /* turn; within 6.3% where it was no stall */
	uint64_t p99_ns; /* within 6.3%; 0: no turn */
	uint64_t delayed_events;
	int64_t tasks; /* of the process; -1: not known */
	int64_t threads;
	const struct home *home; /* of one row only; NULL: in no container, or not known */
	bool tasks_grow; /* they leak: leak.h */
	bool threads_grow;
};

/* Percent of the window, 0 to 100. */
double board_share(const struct board_row *row, uint64_t ns);
/* The causes that have time in causes_ns, largest first. Returns how many. */
size_t board_causes(const struct board_row *row, enum cause causes[CAUSE_NR]);

/* now_ns: CLOCK_MONOTONIC, as all times here. What was before it is not counted. */
int board_new(struct board **out, uint64_t threshold_ns, uint64_t now_ns);
void board_free(struct board *board);

/* Where a loop's process belongs, before or after the loop is on the board. 0 or -ENOMEM. */
int board_belongs(struct board *board, const struct loop_record *loop);
/* Its time_ns has to be set, as it may be printed. */
void board_stall(struct board *board, const struct stall_record *stall);
/* One that was reported as ongoing was none. */
void board_withdrawn(struct board *board, const struct withdrawn_record *withdrawn);

/* One refresh: begin, then each loop that is there, then end. */
void board_begin(struct board *board, uint64_t now_ns);
void board_loop(struct board *board, const struct engine_loop *loop);
void board_end(struct board *board);

/* Tasks and threads of a process now; -1: not known. */
struct board_census {
	int64_t tasks;
	int64_t threads;
};
typedef void board_census_fn(void *context, pid_t pid, struct board_census *out);
/* Calls fn for processes with loops, at most max of them in a call, all of them in turn. */
void board_ask(struct board *board, board_census_fn *fn, void *context, size_t max);

/* Which figures of the loops, and in which order. */
struct board_order {
	enum board_window window;
	enum board_column column; /* in its natural order: figures largest first */
	bool reversed;
};

/* Valid until the next call for the board but board_stall(). */
struct board_rows {
	const struct board_row *v;
	size_t nr;
};

/* The loops as they stood at the last refresh; those that have ended come last. */
struct board_rows board_sorted(struct board *board, const struct board_order *order);
/* One loop, in any window; what row points to is the board's. Whether it is still on the board. */
bool board_row(const struct board *board, uint64_t number, enum board_window window,
	       struct board_row *row);
/* The last stalls of a loop; NULL: it is no longer on the board. Valid until the next board call. */
const struct history *board_history(const struct board *board, uint64_t number);
/* Stalls that were reported since the start, and how often a loop had no room. */
uint64_t board_stalls(const struct board *board);
uint64_t board_left_out(const struct board *board);

#endif
