/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classify_fixture.h - what the kernel side copied of a block, made by hand, and what classify() says of it. */
#ifndef BLOCKPROF_TESTS_UNIT_CLASSIFY_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_CLASSIFY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/classify.h"
#include "capture/target.h"
#include "proc/peer/peer.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

static inline struct bp_capture *of_call(int nr)
{
	struct bp_capture *capture = calloc(1, sizeof(*capture));

	assert_non_null(capture);
	capture->block.syscall = nr;
	return capture;
}

static inline struct bp_capture *of_kind(int nr, unsigned int kind)
{
	struct bp_capture *capture = of_call(nr);

	capture->object.kind = kind;
	capture->object.nr_fds = 1;
	return capture;
}

/* Parts one after another, each ended by a NUL, from the innermost outwards. */
static inline void set_path(struct bp_capture *capture, const char *parts, size_t bytes)
{
	assert_true(bytes <= BP_PATH_BYTES);
	memset(capture->object.path, 'x', BP_PATH_BYTES); /* nothing is promised of the rest */
	memcpy(capture->object.path, parts, bytes);
	capture->object.path_bytes = bytes;
}

#define SET_PATH(capture, parts) set_path(capture, parts, sizeof(parts))

/* Frees capture; slice may have a waker and a stack. */
static inline void classify_as(void **state, pid_t pid, struct bp_capture *capture,
			       struct slice *slice)
{
	classify(*state, pid, capture, slice);
	free(capture);
}

static inline struct slice classified(void **state, struct bp_capture *capture)
{
	struct slice slice = { 0 };

	classify_as(state, getpid(), capture, &slice);
	return slice;
}

static inline void expect_cause(void **state, struct bp_capture *capture, enum cause cause)
{
	struct slice slice = classified(state, capture);

	if (slice.cause != cause)
		fail_msg("%s where it is %s", cause_name(slice.cause), cause_name(cause));
	slice_clear(&slice);
}

static inline int setup(void **state)
{
	struct classify *with = calloc(1, sizeof(*with));

	assert_non_null(with);
	assert_int_equal(peers_new(&with->peers), 0);
	assert_int_equal(symbols_new(&with->symbols, symbolizer_main, process_memory()), 0);
	*state = with;
	return 0;
}

static inline int teardown(void **state)
{
	struct classify *with = *state;

	peers_free(with->peers);
	symbols_free(with->symbols);
	free(with);
	return 0;
}

#endif
