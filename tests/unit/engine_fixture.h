/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_fixture.h - an engine on a kernel side, an interpreter and a
 * symbolizer that the test plays, and all that it reported. The process of the
 * test is the target, its only thread the loop.
 */
#ifndef BLOCKPROF_TESTS_UNIT_ENGINE_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_ENGINE_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_probe.h"
#include "fake_python.h"
#include "fake_symbols.h"
#include "stall/engine.h"
#include "tests/unit/memory_sources.h"

#define GOT_MAX 64
#define LOOP_FD 50
#define PTHREAD 0x7f0000001000

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct test {
	struct probe probe;
	struct symbols symbols;
	struct engine *engine;
	struct loop_record loop; /* the last one */
	char runtime[16]; /* of it */
	unsigned int loops;
	struct stall_record stalls[GOT_MAX];
	size_t nr_stalls;
	struct withdrawn_record withdrawn[GOT_MAX];
	size_t nr_withdrawn;
	struct {
		enum discard reason;
		uint64_t ns;
	} discarded[GOT_MAX];
	size_t nr_discarded;
	struct thread_account accounts[GOT_MAX];
	size_t nr_accounts;
	struct blocked_record blocked[GOT_MAX];
	size_t nr_blocked;
	struct second_record seconds[GOT_MAX];
	size_t nr_seconds;
	struct exit_record exited;
	bool asked_for;
	unsigned int exits;
};

static inline void on_loop(void *context, const struct loop_record *record)
{
	struct test *test = context;

	test->loop = *record;
	snprintf(test->runtime, sizeof(test->runtime), "%s", record->id.runtime);
	test->loops++;
}

static inline void on_stall(void *context, const struct stall_record *record)
{
	struct test *test = context;

	assert_true(test->nr_stalls < GOT_MAX);
	test->stalls[test->nr_stalls] = *record;
	assert_int_equal(slices_copy(&test->stalls[test->nr_stalls++].slices, &record->slices), 0);
	/* whatever came in */
	assert_int_equal(ledger_sum(&record->ledger), record->duration_ns);
}

static inline void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	struct test *test = context;

	assert_true(test->nr_withdrawn < GOT_MAX);
	test->withdrawn[test->nr_withdrawn++] = *record;
}

static inline void on_thread(void *context, const struct thread_account *account)
{
	struct test *test = context;

	assert_true(test->nr_accounts < GOT_MAX);
	test->accounts[test->nr_accounts++] = *account;
}

static inline void on_discarded(void *context, const struct thread_id *id, enum discard reason,
				uint64_t ns)
{
	struct test *test = context;

	assert_int_equal(id->pid, getpid());
	assert_true(test->nr_discarded < GOT_MAX);
	test->discarded[test->nr_discarded].reason = reason;
	test->discarded[test->nr_discarded++].ns = ns;
}

static inline void on_blocked(void *context, const struct blocked_record *record)
{
	struct test *test = context;

	assert_true(test->nr_blocked < GOT_MAX);
	assert_true(record->slices.nr > 0);
	test->blocked[test->nr_blocked] = *record;
	assert_int_equal(slices_copy(&test->blocked[test->nr_blocked++].slices, &record->slices),
			 0);
}

static inline void on_second(void *context, const struct second_record *record)
{
	struct test *test = context;
	uint64_t by_cause_ns = 0, turns = 0;

	assert_true(test->nr_seconds < GOT_MAX);
	test->seconds[test->nr_seconds++] = *record;
	/* whatever came in */
	for (int cause = 0; cause < CAUSE_NR; cause++)
		by_cause_ns += record->by_cause_ns[cause];
	assert_int_equal(by_cause_ns, ledger_sum(&record->ledger));
	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		turns += record->buckets[i];
	assert_int_equal(turns, record->turns);
}

static inline void on_exit_(void *context, const struct exit_record *record, bool asked_for)
{
	struct test *test = context;

	test->exited = *record;
	test->asked_for = asked_for;
	test->exits++;
}

static const struct fake_symbol table[] = {
	{ .addr = 0x1000, .fn = "here", .module = "/bin/x" },
	{ .addr = 0x1010, .fn = "there", .module = "/bin/x" },
	{ .addr = 0x2000, .fn = "asm_sysvec_apic_timer_interrupt" },
	{ .addr = 0x2010, .fn = "mem_cgroup_handle_over_high" },
	{ 0 },
};

static inline void forget_reported(struct test *test)
{
	for (size_t i = 0; i < test->nr_stalls; i++)
		slices_free(&test->stalls[i].slices);
	for (size_t i = 0; i < test->nr_blocked; i++)
		slices_free(&test->blocked[i].slices);
	test->nr_stalls = test->nr_blocked = 0;
}

static inline int teardown(void **state)
{
	struct test *test = *state;

	engine_free(test->engine);
	for (size_t i = 0; i < test->probe.nr_queued; i++)
		free(test->probe.queue[i].record);
	forget_reported(test);
	free(test);
	fake_python = NULL;
	return 0;
}

static inline struct test *start_with(void **state, const struct engine_options *options)
{
	struct test *test = *state;
	const struct engine_sink sink = {
		.context = test,
		.loop = on_loop,
		.stall = on_stall,
		.withdrawn = on_withdrawn,
		.thread = on_thread,
		.discarded = on_discarded,
		.blocked = on_blocked,
		.second = on_second,
		.exit = on_exit_,
	};
	struct engine_options own = *options;

	own.memory = process_memory();
	assert_int_equal(engine_new(&test->engine, &own, &test->probe, &test->symbols, &sink), 0);
	assert_int_equal(engine_watch(test->engine, getpid()), 0);
	engine_start(test->engine);
	assert_true(test->probe.started);
	return test;
}

/* What descriptor LOOP_FD of this process, which plays the target, stands for. */
static inline void set_loop_fd(int fd)
{
	assert_true(fd >= 0 && dup2(fd, LOOP_FD) == LOOP_FD);
	if (fd != LOOP_FD)
		close(fd);
}

static inline int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	set_loop_fd(epoll_create1(0));
	*state = test;
	now_ns = 1000 * S;
	fake_python = NULL;
	test->symbols.table = table;
	test->probe.waits_always = true;
	test->probe.thread = (struct bp_watched_snapshot){ .tid = getpid(),
							   .tgid = getpid(),
							   .state = BP_WAITING,
							   .since_ns = now_ns,
							   .pthread = PTHREAD };
	return 0;
}

static inline struct test *start(void **state)
{
	return start_with(state, &(struct engine_options){ .threshold_ns = 100 * MS });
}

/* A copy of exactly these bytes: what is read beyond is seen by the sanitizer. */
static inline void send(struct test *test, const void *record, size_t bytes)
{
	struct queued *queued = &test->probe.queue[test->probe.nr_queued++];

	assert_true(test->probe.nr_queued <= RECORDS);
	queued->record = malloc(bytes);
	assert_non_null(queued->record);
	memcpy(queued->record, record, bytes);
	queued->bytes = bytes;
}

static inline struct bp_header header(unsigned int type)
{
	return (struct bp_header){
		.type = type, .slot = SLOT, .tid = getpid(), .tgid = getpid(), .time_ns = now_ns
	};
}

static inline void send_candidate_of(struct test *test, pid_t tid, unsigned int count)
{
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .wait_id = LOOP_FD,
					  .count = count,
					  .pthread = PTHREAD };

	candidate.header.slot = BP_NO_SLOT;
	candidate.header.tid = tid;
	if (fake_python)
		candidate.stack.python_nr = 1;
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
}

static inline void send_candidate(struct test *test, unsigned int count)
{
	send_candidate_of(test, getpid(), count);
}

static inline void become_loop(struct test *test)
{
	send_candidate(test, 4);
	assert_int_equal(test->loops, 1);
}

static inline struct bp_slice slice_of(uint64_t seq, int syscall, uint64_t ns, uint64_t place)
{
	struct bp_slice slice = {
		.header = header(BP_RECORD_SLICE),
		.turn_seq = seq,
		.turn_start_ns = now_ns - ns,
		.ns = ns,
		.max_ns = ns,
		.count = 1,
		.capture = { .since_ns = now_ns - ns,
			     .turn_seq = seq,
			     .block = { .syscall = syscall },
			     .stack = { .user_nr = 1, .user = { place } } },
	};

	return slice;
}

/* As the kernel side sends it: without the copy of the stack that is not there. */
static inline void send_used(struct test *test, const struct bp_slice *slice)
{
	send(test, slice, offsetof(struct bp_slice, capture.other_stack));
}

static inline void send_slice(struct test *test, uint64_t seq, int syscall, uint64_t ns,
			      uint64_t place)
{
	struct bp_slice slice = slice_of(seq, syscall, ns, place);

	send_used(test, &slice);
}

static inline struct bp_turn turn_of(uint64_t seq, uint64_t ns, struct bp_ledger ledger)
{
	return (struct bp_turn){ .header = header(BP_RECORD_TURN),
				 .turn_seq = seq,
				 .start_ns = now_ns - ns,
				 .end_ns = now_ns,
				 .ledger = ledger,
				 .delayed_events = 3 };
}

static inline void send_turn(struct test *test, uint64_t seq, uint64_t ns, struct bp_ledger ledger)
{
	struct bp_turn turn = turn_of(seq, ns, ledger);

	turn.source = test->probe.slot[SLOT].source;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
}

static inline void turn_id(char *to, unsigned long long seq)
{
	sprintf(to, "%d-%llu", getpid(), seq);
}

static inline const struct slice *find(const struct slices *slices, enum cause cause)
{
	for (size_t i = 0; i < slices->nr; i++)
		if (slices->v[i].cause == cause)
			return &slices->v[i];
	fail_msg("no slice of cause %s", cause_name(cause));
	return NULL;
}

static inline void assert_slice(const struct slices *slices, enum cause cause, uint64_t ns,
				uint64_t count)
{
	const struct slice *slice = find(slices, cause);

	assert_int_equal(slice->ns, ns);
	assert_int_equal(slice->count, count);
}

static inline uint64_t total(const struct slices *slices)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < slices->nr; i++)
		sum += slices->v[i].ns;
	return sum;
}

/* The thread sleeps in turn seq, which began ns ago, since since_ns. */
static inline void set_blocked(struct test *test, uint64_t seq, uint64_t start_ns,
			       uint64_t since_ns)
{
	struct bp_slot *slot = &test->probe.slot[SLOT];

	slot->in_turn = 1;
	slot->turn_seq = seq;
	slot->turn_start_ns = start_ns;
	slot->slept_ns = start_ns;
	slot->turn_ran_ns = start_ns;
	slot->state = BP_BLOCKED;
	slot->since_ns = since_ns;
	slot->turn = (struct bp_ledger){ .cpu_ns = since_ns - start_ns };
	test->probe.slice[SLOT] = slice_of(seq, SYS_clock_nanosleep, now_ns - since_ns, 0x1000);
	test->probe.slice[SLOT].capture.seq = 2;
}

static inline void look_later(struct test *test, uint64_t ns)
{
	now_ns += ns;
	engine_run(test->engine);
}

static inline void send_process(struct test *test, unsigned int type, pid_t pid, unsigned int slot,
				bool last)
{
	struct bp_process record = {
		.header = header(type), .status = 0x100, .last = last, .parent_tgid = getpid()
	};

	record.header.tid = record.header.tgid = pid;
	record.header.slot = slot;
	send(test, &record, sizeof(record));
	engine_run(test->engine);
}

#endif
