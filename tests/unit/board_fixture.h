/* SPDX-License-Identifier: GPL-2.0-or-later */
/* board_fixture.h - a board of `top`, and loops that a test moves on. */
#ifndef BLOCKPROF_TESTS_UNIT_BOARD_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_BOARD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "top/board.h"

#define MS	  1000000ull
#define S	  1000000000ull
#define THRESHOLD (100 * MS)
#define START	  (1000 * S)
#define PID	  4242

/* A loop as a test moves it on. */
struct fake_loop {
	struct thread_id id;
	struct engine_loop stand;
};

static struct board *board;
static uint64_t now_ns;

static inline int set_up(void **state)
{
	(void)state;
	now_ns = START;
	return board_new(&board, THRESHOLD, START);
}

static inline int tear_down(void **state)
{
	(void)state;
	board_free(board);
	return 0;
}

static inline void init(struct fake_loop *loop, uint64_t number, pid_t tid, const char *comm)
{
	memset(loop, 0, sizeof(*loop));
	loop->id.pid = PID;
	loop->id.tid = tid;
	loop->id.runtime = (char *)"asyncio";
	snprintf(loop->id.comm, sizeof(loop->id.comm), "%s", comm);
	loop->stand.id = &loop->id;
	loop->stand.number = number;
}

/* So many turns of ns each, no longer than the threshold. */
static inline void turns(struct fake_loop *loop, unsigned int nr, uint64_t ns)
{
	unsigned int bucket = 0;

	/* 8 steps an octave: bpf/turn.h */
	for (uint64_t rest = ns; rest >= 16; rest >>= 1)
		bucket += 8;
	bucket += ns >> (bucket / 8);
	loop->stand.hist[bucket] += nr;
	loop->stand.turns += nr;
	if (ns > loop->stand.longest_ns)
		loop->stand.longest_ns = ns;
}

/* One refresh after ns, at which these loops are there. */
static inline void refresh(uint64_t ns, struct fake_loop *loops, size_t nr)
{
	now_ns += ns;
	board_begin(board, now_ns);
	for (size_t i = 0; i < nr; i++) {
		loops[i].stand.now_ns = now_ns;
		loops[i].stand.wall_ns += ns;
		board_loop(board, &loops[i].stand);
	}
	board_end(board);
}

static inline void stall(struct fake_loop *loop, uint64_t seq, uint64_t start_ns, uint64_t ns,
			 bool ongoing)
{
	struct stall_record record = {
		.mono_ns = start_ns,
		.duration_ns = ns,
		.ongoing = ongoing,
		.id = loop->id,
		.delayed_events = ongoing ? -1 : 7,
		.ledger = { .cpu_ns = ns / 4, .blocked_ns = ns - ns / 4 },
		.cause = CAUSE_SLEEP,
	};
	struct slice slices[] = {
		{ .cause = CAUSE_SLEEP, .ns = ns - ns / 4 },
		{ .cause = CAUSE_CPU, .ns = ns / 4 },
	};

	record.slices = (struct slices){ .v = slices, .nr = 2, .capacity = 2 };
	snprintf(record.turn, sizeof(record.turn), "%d-%llu", loop->id.tid,
		 (unsigned long long)seq);
	if (ongoing) {
		loop->stand.turn_seq = seq;
	} else {
		loop->stand.turn_seq = 0;
		loop->stand.turns++;
		if (ns > loop->stand.longest_ns)
			loop->stand.longest_ns = ns;
	}
	board_stall(board, &record);
}

static inline size_t sort(enum board_window window, enum board_column column, bool reversed,
			  const struct board_row **rows)
{
	const struct board_order order = { window, column, reversed };
	struct board_rows sorted = board_sorted(board, &order);

	*rows = sorted.v;
	return sorted.nr;
}

static inline const struct board_row *row_of(uint64_t number, enum board_window window)
{
	const struct board_row *rows;
	size_t nr = sort(window, COLUMN_STALLED, false, &rows);

	for (size_t i = 0; i < nr; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static inline void assert_about(double a, double b, double within)
{
	if (a < b - within || a > b + within)
		fail_msg("%f is not %f", a, b);
}

static inline double stalled(uint64_t number, enum board_window window)
{
	const struct board_row *row = row_of(number, window);

	assert_non_null(row);
	return board_share(row, row->stalled_ns);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
