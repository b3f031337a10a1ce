/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the kernel side's records to stalls, with a kernel side that is played by this test. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_python.h"
#include "fake_symbols.h"
#include "probe/probe.h"
#include "stall/engine.h"

#define MS 1000000ull
#define S  1000000000ull

#define SLOTS	4
#define SLOT	1 /* of the loop under test */
#define RECORDS 1024
#define GOT_MAX 64
#define LOOP_FD 50
#define PTHREAD 0x7f0000001000

/* -- the kernel side -- */

struct queued {
	struct bp_header *record;
	size_t bytes;
};

struct probe {
	struct bp_slot slot[SLOTS + 1];
	struct bp_slice slice[SLOTS + 1];
	struct queued queue[RECORDS];
	size_t nr_queued;
	struct bp_thread_info thread; /* the one thread that a look shows */
	struct bp_bind bind; /* for it at the next look */
	bool bind_pending;
	bool started, waits, samples, waits_always;
	pid_t watched;
	pid_t parks; /* the process whose futexes are shown */
	bool follow;
	struct bp_python python;
	unsigned int freed[SLOTS + 1];
	struct bp_suspect_info suspect; /* the one thread of a process that is looked at */
	unsigned int suspect_looks;
	pid_t suspected;
	size_t nr_old;
	unsigned int old;
	struct bp_copy *copy; /* of the stack of the thread that is blocked */
	uint32_t copy_bytes; /* wanted of threads without a slot */
	uint64_t losses[BP_LOSS_NR];
};

static uint64_t now_ns;

uint64_t probe_now_ns(void)
{
	return now_ns;
}

void probe_start(struct probe *probe)
{
	probe->started = true;
}

int probe_watch(struct probe *probe, pid_t pid, bool follow)
{
	probe->watched = pid;
	probe->follow = follow;
	return 0;
}

int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	(void)pid;
	probe->python = *python;
	return 0;
}

int probe_parks(struct probe *probe, pid_t pid)
{
	probe->parks = pid;
	return 0;
}

int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind)
{
	assert_int_equal(tid, probe->thread.tid);
	probe->bind = *bind;
	probe->bind_pending = true;
	return 0;
}

int probe_look(struct probe *probe, probe_look_fn *fn, void *context)
{
	struct bp_thread_info own = { .own = 1,
				      .state = BP_RUNNING,
				      .since_ns = now_ns,
				      .sched_arrival_ns = now_ns + 5 * S };
	struct bp_slot *slot = &probe->slot[SLOT];

	if (probe->bind_pending) {
		probe->thread.slot = SLOT;
		slot->use = probe->bind.use;
		slot->wait_class = probe->bind.wait_class;
		slot->wait_id = probe->bind.wait_id;
		slot->loop_object = probe->bind.loop_object;
		slot->tid = probe->thread.tid;
		slot->tgid = probe->thread.tgid;
		slot->state = probe->thread.state;
		slot->since_ns = probe->bind.blocked_since_ns ? probe->bind.blocked_since_ns
							      : probe->thread.since_ns;
		if (probe->bind.turn_start_ns) {
			slot->in_turn = 1;
			slot->turn_seq = 1;
			slot->turn_start_ns = probe->bind.turn_start_ns;
		}
		probe->bind_pending = false;
	}
	if (fn) {
		fn(context, &own);
		if (probe->thread.tid)
			fn(context, &probe->thread);
	}
	return 0;
}

int probe_look_process(struct probe *probe, pid_t pid, probe_look_fn *fn, void *context)
{
	assert_true(!probe->thread.tid || pid != (pid_t)probe->thread.tgid || fn);
	return probe_look(probe, fn, context);
}

int probe_look_thread(struct probe *probe, pid_t tid, probe_look_fn *fn, void *context)
{
	assert_int_equal(tid, probe->thread.tid);
	return probe_look(probe, fn, context);
}

void probe_unbind(struct probe *probe, pid_t tid)
{
	if (probe->thread.tid == (unsigned int)tid)
		probe->bind_pending = false;
}

void probe_unwatch(struct probe *probe, pid_t pid)
{
	if (probe->watched == pid)
		probe->watched = 0;
}

unsigned int probe_slots(const struct probe *probe)
{
	(void)probe;
	return SLOTS;
}

struct bp_slot *probe_slot(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &probe->slot[slot] : NULL;
}

const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &probe->slice[slot] : NULL;
}

int probe_copy(struct probe *probe, unsigned int slot, uint64_t since_ns, struct bp_copy *copy)
{
	if (!probe->copy)
		return -ENOENT;
	assert_int_equal(slot, SLOT);
	if (probe->copy->since_ns != since_ns)
		return -EAGAIN;
	*copy = *probe->copy;
	return 0;
}

void probe_copy_bytes(struct probe *probe, uint32_t bytes)
{
	probe->copy_bytes = bytes;
}

void probe_slot_free(struct probe *probe, unsigned int slot)
{
	if (slot < 1 || slot > SLOTS)
		return;
	probe->freed[slot]++;
	memset(&probe->slot[slot], 0, sizeof(probe->slot[slot]));
}

int probe_waits(struct probe *probe, bool on)
{
	probe->waits = on;
	return 0;
}

bool probe_waits_always(const struct probe *probe)
{
	return probe->waits_always;
}

int probe_samples(struct probe *probe, bool on)
{
	probe->samples = on;
	return 0;
}

int probe_suspect_look(struct probe *probe, pid_t pid, probe_suspect_fn *fn, void *context)
{
	probe->suspect_looks++;
	if (pid != (pid_t)probe->suspect.tgid)
		return -ESRCH;
	probe->suspect.time_ns = now_ns;
	fn(context, &probe->suspect);
	return 0;
}

int probe_suspect_look_thread(struct probe *probe, pid_t pid, pid_t tid, probe_suspect_fn *fn,
			      void *context)
{
	(void)tid;
	if (pid != (pid_t)probe->suspect.tgid)
		return -ESRCH;
	fn(context, &probe->suspect);
	return 0;
}

int probe_suspect_add(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	(void)python;
	probe->suspected = pid;
	return 0;
}

void probe_suspects_clear(struct probe *probe)
{
	probe->suspected = 0;
}

void probe_suspect_fd(struct probe *probe, pid_t tid, int fd)
{
	(void)probe;
	(void)tid;
	(void)fd;
}

void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr)
{
	probe->nr_old = nr;
	probe->old = nr ? slots[0] : 0;
}

void probe_read(struct probe *probe, probe_record_fn *fn, void *context)
{
	for (size_t i = 0; i < probe->nr_queued; i++) {
		fn(context, probe->queue[i].record, probe->queue[i].bytes);
		free(probe->queue[i].record);
	}
	probe->nr_queued = 0;
}

uint64_t probe_loss(const struct probe *probe, enum bp_loss place)
{
	return probe->losses[place];
}

const char *probe_loss_name(enum bp_loss place)
{
	static const char *const names[BP_LOSS_NR] = {
		[BP_LOSS_SLICE_RING] = "slices_ring_full", [BP_LOSS_SLOTS] = "loops_without_slot"
	};

	return names[place] ? names[place] : "other";
}

/* -- the engine, and what comes out of it -- */

struct test {
	struct probe probe;
	struct symbols symbols;
	struct engine *engine;
	struct loop_record loop; /* the last one */
	char runtime[16]; /* of it */
	unsigned int loops;
	struct stall_record stalls[GOT_MAX];
	size_t nr_stalls;
	struct blocked_record blocked[GOT_MAX];
	size_t nr_blocked;
	struct exit_record exited;
	bool asked_for;
	unsigned int exits;
};

static void on_loop(void *context, const struct loop_record *record)
{
	struct test *test = context;

	test->loop = *record;
	snprintf(test->runtime, sizeof(test->runtime), "%s", record->id.runtime);
	test->loops++;
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct test *test = context;

	assert_true(test->nr_stalls < GOT_MAX);
	test->stalls[test->nr_stalls] = *record;
	assert_int_equal(slices_copy(&test->stalls[test->nr_stalls++].slices, &record->slices), 0);
	/* whatever came in */
	assert_int_equal(ledger_sum(&record->ledger), record->duration_ns);
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct test *test = context;

	assert_true(test->nr_blocked < GOT_MAX);
	assert_true(record->slices.nr > 0);
	test->blocked[test->nr_blocked] = *record;
	assert_int_equal(slices_copy(&test->blocked[test->nr_blocked++].slices, &record->slices),
			 0);
}

static void on_exit_(void *context, const struct exit_record *record, bool asked_for)
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
	{ 0 },
};

static void forget_told(struct test *test)
{
	for (size_t i = 0; i < test->nr_stalls; i++)
		slices_free(&test->stalls[i].slices);
	for (size_t i = 0; i < test->nr_blocked; i++)
		slices_free(&test->blocked[i].slices);
	test->nr_stalls = test->nr_blocked = 0;
}

static int teardown(void **state)
{
	struct test *test = *state;

	engine_free(test->engine);
	for (size_t i = 0; i < test->probe.nr_queued; i++)
		free(test->probe.queue[i].record);
	forget_told(test);
	free(test);
	fake_python = NULL;
	return 0;
}

static struct test *start_with(void **state, const struct engine_options *options)
{
	struct test *test = *state;
	const struct engine_sink sink = {
		.context = test,
		.loop = on_loop,
		.stall = on_stall,
		.blocked = on_blocked,
		.exit = on_exit_,
	};

	assert_int_equal(engine_new(&test->engine, options, &test->probe, &test->symbols, &sink),
			 0);
	assert_int_equal(engine_watch(test->engine, getpid()), 0);
	engine_start(test->engine);
	assert_true(test->probe.started);
	return test;
}

/* What descriptor LOOP_FD of this process, which plays the target, stands for. */
static void set_loop_fd(int fd)
{
	assert_true(fd >= 0 && dup2(fd, LOOP_FD) == LOOP_FD);
	if (fd != LOOP_FD)
		close(fd);
}

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	set_loop_fd(epoll_create1(0));
	*state = test;
	now_ns = 1000 * S;
	fake_python = NULL;
	test->symbols.table = table;
	test->probe.waits_always = true;
	test->probe.thread = (struct bp_thread_info){ .tid = getpid(),
						      .tgid = getpid(),
						      .state = BP_WAITING,
						      .since_ns = now_ns,
						      .pthread = PTHREAD };
	return 0;
}

static struct test *start(void **state)
{
	return start_with(state, &(struct engine_options){ .threshold_ns = 100 * MS });
}

/* A copy of exactly these bytes: what is read beyond is seen by the sanitizer. */
static void send(struct test *test, const void *record, size_t bytes)
{
	struct queued *queued = &test->probe.queue[test->probe.nr_queued++];

	assert_true(test->probe.nr_queued <= RECORDS);
	queued->record = malloc(bytes);
	assert_non_null(queued->record);
	memcpy(queued->record, record, bytes);
	queued->bytes = bytes;
}

static struct bp_header header(unsigned int type)
{
	return (struct bp_header){
		.type = type, .slot = SLOT, .tid = getpid(), .tgid = getpid(), .time_ns = now_ns
	};
}

static void send_candidate(struct test *test, unsigned int count)
{
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .wait_id = LOOP_FD,
					  .count = count,
					  .pthread = PTHREAD };

	candidate.header.slot = BP_NO_SLOT;
	if (fake_python)
		candidate.stack.python_nr = 1;
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
}

static void become_loop(struct test *test)
{
	send_candidate(test, 4);
	assert_int_equal(test->loops, 1);
}

static struct bp_slice slice_of(uint64_t seq, int syscall, uint64_t ns, uint64_t place)
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
static void send_used(struct test *test, const struct bp_slice *slice)
{
	send(test, slice, offsetof(struct bp_slice, capture.other_stack));
}

static void send_slice(struct test *test, uint64_t seq, int syscall, uint64_t ns, uint64_t place)
{
	struct bp_slice slice = slice_of(seq, syscall, ns, place);

	send_used(test, &slice);
}

static struct bp_turn turn_of(uint64_t seq, uint64_t ns, struct bp_ledger ledger)
{
	return (struct bp_turn){ .header = header(BP_RECORD_TURN),
				 .turn_seq = seq,
				 .start_ns = now_ns - ns,
				 .end_ns = now_ns,
				 .ledger = ledger,
				 .delayed_events = 3 };
}

static void send_turn(struct test *test, uint64_t seq, uint64_t ns, struct bp_ledger ledger)
{
	struct bp_turn turn = turn_of(seq, ns, ledger);

	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
}

static void turn_id(char *to, unsigned long long seq)
{
	sprintf(to, "%d-%llu", getpid(), seq);
}

static const struct slice *find(const struct slices *slices, enum cause cause)
{
	for (size_t i = 0; i < slices->nr; i++)
		if (slices->v[i].cause == cause)
			return &slices->v[i];
	fail_msg("no slice of cause %s", cause_name(cause));
	return NULL;
}

static void assert_slice(const struct slices *slices, enum cause cause, uint64_t ns, uint64_t count)
{
	const struct slice *slice = find(slices, cause);

	assert_int_equal(slice->ns, ns);
	assert_int_equal(slice->count, count);
}

static uint64_t total(const struct slices *slices)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < slices->nr; i++)
		sum += slices->v[i].ns;
	return sum;
}

/* -- recognition -- */

static void test_loop_is_told_once(void **state)
{
	struct test *test = start(state);

	send_candidate(test, 3);
	assert_int_equal(test->loops, 0);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	become_loop(test);
	send_candidate(test, 5);
	assert_int_equal(test->loops, 1);
	assert_string_equal(test->runtime, "generic");
	assert_int_equal(test->loop.id.pid, getpid());
	assert_int_equal(test->loop.id.tid, getpid());
	assert_string_equal(test->loop.wait_syscall, "epoll_wait");
	assert_int_equal(test->loop.wait_fd, LOOP_FD);
	assert_null(test->loop.runtime_version);
	assert_int_equal(engine_loops(test->engine, 0), 1);
	assert_int_equal(engine_loops(test->engine, getpid()), 1);
	assert_int_equal(engine_loops(test->engine, getpid() + 1), 0);
	assert_string_equal(engine_runtime(test->engine, getpid()), "generic");
	assert_null(engine_interpreter(test->engine, getpid(), (char[32]){ 0 }, 32));
}

static void test_overrides(void **state)
{
	const struct engine_override none = { getpid(), -1 }, fd = { getpid(), 9 };
	struct engine_options options = { .threshold_ns = 100 * MS,
					  .overrides = &none,
					  .nr_overrides = 1 };
	struct test *test = start_with(state, &options);

	send_candidate(test, 100);
	assert_int_equal(test->loops, 0);
	engine_free(test->engine);
	options.overrides = &fd;
	test = start_with(state, &options);
	assert_int_equal(engine_look(test->engine), 0);
	assert_int_equal(test->loops, 1);
	assert_int_equal(test->probe.slot[SLOT].wait_class, BP_WAIT_EPOLL);
	assert_int_equal(test->probe.slot[SLOT].wait_id, 9);
}

static void test_unwatched(void **state)
{
	struct test *test = start(state);
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .count = 100 };

	candidate.header.tgid = 1;
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
	assert_int_equal(test->loops, 0);
	assert_false(test->probe.bind_pending);
}

/* -- stalls -- */

/* A habit ended: the epoll instance was closed. */
static void test_handed_over(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_loop_fd(open("/dev/null", O_RDONLY));
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 0);
	set_loop_fd(epoll_create1(0));
	send_turn(test, 8, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
}

static void test_stall(void **state)
{
	struct test *test = start(state);
	const struct stall_record *stall;
	char id[40];

	become_loop(test);
	now_ns += 500 * MS;
	send_slice(test, 7, SYS_clock_nanosleep, 60 * MS, 0x1000);
	send_slice(test, 7, SYS_clock_nanosleep, 70 * MS, 0x1000); /* the same place */
	send_slice(test, 7, SYS_clock_nanosleep, 20 * MS, 0x1010);
	send_slice(test, 7, SYS_futex, 30 * MS, 0x1000);
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ 11 * MS, 5 * MS, 2 * MS, 190 * MS, 1 });
	assert_int_equal(test->nr_stalls, 1);
	stall = &test->stalls[0];
	turn_id(id, 7);
	assert_string_equal(stall->turn, id);
	assert_false(stall->ongoing);
	assert_false(stall->before_attach);
	assert_int_equal(stall->mono_ns, now_ns - 250 * MS);
	assert_int_equal(stall->duration_ns, 250 * MS);
	assert_int_equal(stall->delayed_events, 3);
	assert_int_equal(stall->id.tid, getpid());
	assert_int_equal(stall->cause, CAUSE_SLEEP);
	/* cpu, runqueue, throttled and blocked as the kernel side saw them, the rest is unknown */
	assert_int_equal(stall->ledger.cpu_ns, 11 * MS);
	assert_int_equal(stall->ledger.runqueue_ns, 5 * MS);
	assert_int_equal(stall->ledger.throttled_ns, 2 * MS);
	assert_int_equal(stall->ledger.blocked_ns, 190 * MS);
	assert_int_equal(stall->ledger.unknown_ns, 42 * MS);
	/* largest first; what no slice came for has no place */
	assert_int_equal(stall->slices.nr, 7);
	assert_int_equal(stall->slices.v[0].cause, CAUSE_SLEEP);
	assert_int_equal(stall->slices.v[0].ns, 130 * MS);
	assert_int_equal(stall->slices.v[0].count, 2);
	assert_int_equal(stall->slices.v[0].max_ns, 70 * MS);
	assert_string_equal(stall->slices.v[0].syscall, "clock_nanosleep");
	assert_string_equal(stall->slices.v[0].stack->frames[0].fn, "here");
	assert_slice(&stall->slices, CAUSE_LOCK, 30 * MS, 1);
	assert_slice(&stall->slices, CAUSE_OTHER, 10 * MS, 0);
	assert_slice(&stall->slices, CAUSE_CPU, 11 * MS, 0);
	assert_slice(&stall->slices, CAUSE_RUNQUEUE, 5 * MS, 0);
	assert_slice(&stall->slices, CAUSE_THROTTLED, 2 * MS, 0);
	assert_int_equal(total(&stall->slices), 208 * MS);
	assert_int_equal(test->nr_blocked, 0);
}

static void count_standing(void *context, const struct engine_loop *loop)
{
	struct engine_loop *last = context;

	*last = *loop;
}

/* Blocked time by cause, in stalls or not, as slices and sums tell of it. */
static void test_standing(void **state)
{
	struct test *test = start(state);
	struct engine_loop stand = { 0 };
	struct bp_slice slice;
	struct bp_turn turn;

	engine_each_loop(test->engine, count_standing, &stand);
	assert_null(stand.id);
	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(6, SYS_clock_nanosleep, 10 * MS, 0x1000);
	slice.carry_ns = 5 * MS;
	slice.carry_count = 2;
	send_used(test, &slice);
	send_slice(test, 7, SYS_futex, 30 * MS, 0x1000);
	turn = turn_of(7, 250 * MS, (struct bp_ledger){ .blocked_ns = 39 * MS });
	turn.sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_futex, .count = 4, .ns = 9 * MS, .max_ns = 3 * MS
	};
	send(test, &turn, sizeof(turn));
	slice = slice_of(8, BP_NO_SYSCALL, 20 * MS, 0x1000);
	slice.header.type = BP_RECORD_SAMPLE;
	send_used(test, &slice);
	engine_run(test->engine);
	engine_each_loop(test->engine, count_standing, &stand);
	assert_int_equal(stand.number, 1);
	assert_int_equal(stand.now_ns, now_ns);
	assert_int_equal(stand.blocked_ns[CAUSE_SLEEP], 15 * MS);
	assert_int_equal(stand.blocked_ns[CAUSE_LOCK], 39 * MS);
	assert_int_equal(stand.blocked_ns[CAUSE_CPU], 0);
	assert_int_equal(test->nr_stalls, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_LOCK, 30 * MS, 1);
}

static void test_at_the_threshold(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 1, 100 * MS - 1, (struct bp_ledger){ 0 });
	assert_int_equal(test->nr_stalls, 0);
	send_turn(test, 2, 100 * MS, (struct bp_ledger){ 0 });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].ledger.unknown_ns, 100 * MS);
	assert_int_equal(test->stalls[0].cause, CAUSE_OTHER);
}

/* cpu time that no sample stands for goes where most samples were. */
static void test_samples(void **state)
{
	struct test *test = start(state);
	struct bp_slice sample;

	become_loop(test);
	now_ns += 500 * MS;
	sample = slice_of(7, BP_NO_SYSCALL, 20 * MS, 0x1000);
	sample.header.type = BP_RECORD_SAMPLE;
	send_used(test, &sample);
	sample.ns = 30 * MS;
	sample.capture.stack.user[0] = 0x1010;
	send_used(test, &sample);
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_CPU);
	assert_int_equal(test->stalls[0].slices.nr, 2);
	assert_int_equal(test->stalls[0].slices.v[0].ns, 180 * MS);
	assert_string_equal(test->stalls[0].slices.v[0].stack->frames[0].fn, "there");
	assert_int_equal(test->stalls[0].slices.v[1].ns, 20 * MS);
}

static void test_ledger_too_long(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 7, 200 * MS,
		  (struct bp_ledger){ .cpu_ns = 150 * MS, .blocked_ns = 120 * MS });
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 120 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 80 * MS);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 1);
	assert_string_equal(summary.lost[0].name, "ledgers_cut");
	assert_int_equal(summary.lost[0].count, 1);
	summary_free(&summary);
}

/* Short blocks: by system call only, whatever a zeroed descriptor would look like. */
static void test_sums(void **state)
{
	struct test *test = start(state);
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	turn = turn_of(7, 150 * MS, (struct bp_ledger){ .blocked_ns = 9 * MS, .cpu_ns = 141 * MS });
	turn.sums[0] = (struct bp_sum){ .used = 1,
					.syscall = SYS_recvfrom,
					.count = 4,
					.ns = 4 * MS,
					.max_ns = 2 * MS,
					.carry_ns = 77 * MS,
					.carry_count = 9 };
	turn.sums[1] = (struct bp_sum){ .used = 1,
					.syscall = SYS_futex,
					.flags = BP_BLOCK_GIL,
					.count = 1,
					.ns = 5 * MS,
					.max_ns = 5 * MS };
	turn.sums[2] = (struct bp_sum){ .used = 1, .syscall = SYS_fsync, .carry_ns = 6 * MS };
	turn.sums[4] = (struct bp_sum){ .used = 1, .syscall = SYS_fsync, .ns = 6 * MS };
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->stalls[0].slices.nr, 3);
	assert_slice(&test->stalls[0].slices, CAUSE_SOCKET, 4 * MS, 4);
	assert_slice(&test->stalls[0].slices, CAUSE_GIL, 5 * MS, 1);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SOCKET)->max_ns, 2 * MS);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SOCKET)->target.kind, TARGET_NONE);
	assert_null(find(&test->stalls[0].slices, CAUSE_SOCKET)->stack);
}

/* Naps before it was known what they were between are what the later ones are. */
static void test_naps_joined(void **state)
{
	struct test *test = start(state);
	struct bp_slice nap;

	become_loop(test);
	now_ns += 500 * MS;
	send_slice(test, 7, SYS_clock_nanosleep, 30 * MS, 0x1000);
	send_slice(test, 7, SYS_clock_nanosleep, 10 * MS, 0x1010); /* another place's */
	nap = slice_of(7, SYS_clock_nanosleep, 90 * MS, 0x1000);
	nap.capture.block.flags = BP_BLOCK_TRY_CHILD;
	nap.capture.block.args[0] = 1;
	nap.count = 3;
	send_used(test, &nap);
	send_turn(test, 7, 140 * MS, (struct bp_ledger){ .blocked_ns = 130 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_CHILD);
	assert_int_equal(test->stalls[0].slices.nr, 2);
	assert_slice(&test->stalls[0].slices, CAUSE_CHILD, 120 * MS, 4);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_CHILD)->target.pid, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 10 * MS, 1);
}

static void test_waker_and_holder(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_futex, 60 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	memset(slice.capture.other.comm, 'w', BP_COMM_LEN); /* not ended */
	slice.capture.other_stack = (struct bp_stack){ .user_nr = 1, .user = { 0x1010 } };
	send(test, &slice, sizeof(slice));
	slice = slice_of(7, SYS_futex, 50 * MS, 0x1010);
	slice.capture.block.flags = BP_BLOCK_GIL;
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_HOLDER, .pthread = PTHREAD };
	send(test, &slice, sizeof(slice));
	slice = slice_of(7, SYS_epoll_wait, 40 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	slice.capture.other_stack = (struct bp_stack){ .kernel_nr = 1, .kernel = { 0x2000 } };
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.pid, 41);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.tid, 42);
	assert_string_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.comm,
			    "wwwwwwwwwwwwwww");
	assert_string_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.stack->frames[0].fn,
			    "there");
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->holder.pid, getpid());
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->holder.tid, getpid());
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->waker.pid, 0);
	/* an interrupt's current thread had nothing to do with it */
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_POLL)->waker.pid, 0);
}

/* -- while it lasts -- */

/* The thread sleeps in turn seq, which began ns ago, since since_ns. */
static void set_blocked(struct test *test, uint64_t seq, uint64_t start_ns, uint64_t since_ns)
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

/* A process that has this end of a pipe, until it is killed or we end. */
static pid_t fork_holder(const int pipes[2])
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipes[0]);
		for (;;)
			pause();
	}
	close(pipes[1]);
	return pid;
}

static void look_later(struct test *test, uint64_t ns)
{
	now_ns += ns;
	engine_run(test->engine);
}

/* Its time: blocked since before the wait; then it runs for a part of the time. */
static void test_peer(void **state)
{
	struct test *test = start(state);
	struct bp_suspect_info *suspect = &test->probe.suspect;
	const struct culprits *culprits;
	struct bp_capture *capture;
	struct bp_slice slice;
	uint64_t since_ns;
	struct stat stat;
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &stat), 0);
	pid = fork_holder(pipes);
	assert_int_equal(engine_look(test->engine), 0); /* the scheduler's clock */
	become_loop(test);
	now_ns += 500 * MS;
	since_ns = now_ns;
	set_blocked(test, 7, since_ns, since_ns);
	capture = &test->probe.slice[SLOT].capture;
	capture->since_ns = since_ns;
	capture->block.syscall = SYS_read;
	capture->object =
		(struct bp_object){ .kind = BP_OBJECT_PIPE, .fd = pipes[0], .ino = stat.st_ino };
	*suspect = (struct bp_suspect_info){
		.tid = pid,
		.tgid = pid,
		.state = BP_BLOCKED,
		.switches = 5,
		.ran_ns = 3 * S,
		.sched_arrival_ns = since_ns - S + 5 * S, /* by the scheduler's clock */
		.block = { .syscall = SYS_clock_nanosleep },
		.comm = "writer",
	};
	look_later(test, 5 * MS); /* a block as short as this says nothing */
	assert_int_equal(test->probe.suspect_looks, 0);
	look_later(test, 15 * MS);
	assert_int_equal(test->probe.suspect_looks, 1);
	assert_int_equal(test->probe.suspected, pid);
	look_later(test, 20 * MS);
	suspect->state = BP_RUNNING;
	suspect->switches++;
	suspect->ran_ns += 12 * MS;
	look_later(test, 20 * MS);
	assert_int_equal(test->probe.suspect_looks, 3);
	/* 48 ms asleep, 12 ms on the CPU, and on it until the end */
	now_ns += 60 * MS;
	test->probe.slot[SLOT].state = BP_WAITING;
	test->probe.slot[SLOT].in_turn = 0;
	slice = slice_of(7, SYS_read, now_ns - since_ns, 0x1000);
	slice.capture.object = capture->object;
	send_used(test, &slice);
	send_turn(test, 7, now_ns - since_ns,
		  (struct bp_ledger){ .blocked_ns = now_ns - since_ns });
	assert_int_equal(test->nr_stalls, 1);
	culprits = &find(&test->stalls[0].slices, CAUSE_PIPE)->culprits;
	assert_int_equal(culprits->nr, 2);
	assert_int_equal(culprits->v[0].cause, CAUSE_SLEEP);
	assert_int_equal(culprits->v[0].ns, 48 * MS);
	assert_int_equal(culprits->v[0].pid, pid);
	assert_int_equal(culprits->v[1].cause, CAUSE_CPU);
	assert_string_equal(culprits->v[1].comm, "writer");
	/* nobody is looked at any more */
	look_later(test, 20 * MS);
	assert_int_equal(test->probe.suspect_looks, 3);
	assert_int_equal(test->probe.suspected, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

static void test_ongoing_then_final(void **state)
{
	struct test *test = start(state);
	uint64_t began_ns;
	char id[40];

	become_loop(test);
	now_ns += 500 * MS;
	began_ns = now_ns;
	set_blocked(test, 7, began_ns, began_ns + 1 * MS);
	now_ns = began_ns + 99 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	now_ns = began_ns + 120 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	turn_id(id, 7);
	assert_string_equal(test->stalls[0].turn, id);
	assert_true(test->stalls[0].ongoing);
	assert_int_equal(test->stalls[0].delayed_events, -1);
	assert_int_equal(test->stalls[0].mono_ns, began_ns);
	assert_int_equal(test->stalls[0].duration_ns, 120 * MS);
	assert_int_equal(test->stalls[0].cause, CAUSE_SLEEP);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 119 * MS, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_CPU, 1 * MS, 0);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 119 * MS);
	/* again each second */
	now_ns = began_ns + 1119 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	now_ns = began_ns + 1130 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].duration_ns, 1130 * MS);
	now_ns = began_ns + 2121 * MS; /* on the second, however late the one before was */
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 3);
	/* it ends */
	now_ns = began_ns + 2500 * MS;
	test->probe.slot[SLOT].state = BP_WAITING;
	test->probe.slot[SLOT].in_turn = 0;
	send_slice(test, 7, SYS_clock_nanosleep, 2499 * MS, 0x1000);
	send_turn(test, 7, 2500 * MS,
		  (struct bp_ledger){ .cpu_ns = 1 * MS, .blocked_ns = 2499 * MS });
	assert_int_equal(test->nr_stalls, 4);
	assert_false(test->stalls[3].ongoing);
	assert_string_equal(test->stalls[3].turn, id);
	assert_int_equal(test->stalls[3].mono_ns, began_ns);
	assert_slice(&test->stalls[3].slices, CAUSE_SLEEP, 2499 * MS, 1);
	now_ns += 20 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 4);
	assert_int_equal(test->nr_blocked, 0); /* it was told of already */
}

static void test_before_attach(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 50 * MS;
	set_blocked(test, 7, now_ns - 10 * S, now_ns - 9 * S);
	test->probe.slot[SLOT].turn.cpu_ns = 0;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].before_attach);
	assert_int_equal(test->stalls[0].duration_ns, 10 * S);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 9 * S);
	assert_int_equal(test->stalls[0].ledger.unknown_ns, 1 * S); /* no one saw */
}

/* The kernel side writes at this moment: it is told at the next tick. */
static void test_torn_capture(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slice[SLOT].capture.seq = 3;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	test->probe.slice[SLOT].capture.seq = 4;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
}

static void test_not_in_a_turn(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].in_turn = 0;
	engine_run(test->engine);
	test->probe.slot[SLOT].in_turn = 1;
	test->probe.slot[SLOT].use = BP_SLOT_THREAD;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	/* it began after the clock was read */
	test->probe.slot[SLOT].use = BP_SLOT_LOOP;
	test->probe.slot[SLOT].since_ns = test->probe.slot[SLOT].turn_start_ns = now_ns + 1;
	engine_run(test->engine);
	test->probe.slot[SLOT].since_ns = now_ns - 1;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

/* What is open when the watch ends is told, once. */
static void test_finish(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 300 * MS, now_ns - 100 * MS);
	send_slice(test, 6, SYS_fsync, 40 * MS, 0x1000);
	send_slice(test, 7, SYS_futex, 200 * MS, 0x1000);
	test->probe.slot[SLOT].turn.blocked_ns = 200 * MS;
	test->probe.slot[SLOT].turn.cpu_ns = 0;
	test->probe.slot[SLOT].sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_fdatasync, .carry_ns = 3 * MS, .carry_count = 6
	};
	engine_finish(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
	assert_slice(&test->stalls[0].slices, CAUSE_LOCK, 200 * MS, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 100 * MS, 1);
	assert_int_equal(test->nr_blocked, 1);
	assert_int_equal(test->blocked[0].slices.nr, 2); /* of turn 6, and what was carried */
	assert_int_equal(total(&test->blocked[0].slices), 43 * MS);
}

/* -- blocked time of turns that were no stalls -- */

static void test_blocked(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	test->probe.slot[SLOT].turn_seq = 9;
	send_slice(test, 7, SYS_clock_nanosleep, 6 * MS, 0x1000);
	send_slice(test, 8, SYS_clock_nanosleep, 7 * MS, 0x1000);
	slice = slice_of(8, SYS_fsync, 5 * MS, 0x1000);
	slice.carry_ns = 20 * MS; /* of turns before */
	slice.carry_count = 11;
	send_used(test, &slice);
	slice = slice_of(8, BP_NO_SYSCALL, 9 * MS, 0x1000);
	slice.header.type = BP_RECORD_SAMPLE;
	send_used(test, &slice);
	engine_run(test->engine);
	now_ns += 9 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_blocked, 0);
	now_ns += 600 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_blocked, 1);
	assert_int_equal(test->blocked[0].id.tid, getpid());
	assert_int_equal(test->blocked[0].slices.nr, 2);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 25 * MS, 12);
	assert_slice(&test->blocked[0].slices, CAUSE_SLEEP, 13 * MS, 2);
	assert_int_equal(test->blocked[0].slices.v[0].cause, CAUSE_FILE);
	now_ns += 20 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_blocked, 1);
}

/* A stall takes its own slices; what was carried from before it is no part of it. */
static void test_carry_beside_a_stall(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_fsync, 120 * MS, 0x1000);
	slice.carry_ns = 4 * MS;
	slice.carry_count = 2;
	send_used(test, &slice);
	send_turn(test, 7, 120 * MS, (struct bp_ledger){ .blocked_ns = 120 * MS });
	assert_slice(&test->stalls[0].slices, CAUSE_FILE, 120 * MS, 1);
	engine_finish(test->engine);
	assert_int_equal(test->nr_blocked, 1);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 4 * MS, 2);
}

/* Outside of any turn: a thread that is no loop, with --all-threads. */
static void test_no_turn(void **state)
{
	struct test *test = start(state);

	send_slice(test, 0, SYS_fsync, 120 * MS, 0x1000);
	engine_run(test->engine);
	assert_int_equal(test->loops, 0);
	engine_finish(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_blocked, 1);
	assert_null(test->blocked[0].id.runtime);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 120 * MS, 1);
}

/* -- processes -- */

static void send_process(struct test *test, unsigned int type, pid_t pid, unsigned int slot,
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

static void test_exit(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	now_ns += 500 * MS;
	test->probe.slot[SLOT].turns = 5;
	test->probe.slot[SLOT].total.cpu_ns = 9 * MS;
	test->probe.slot[SLOT].sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_fsync, .carry_ns = 3 * MS, .carry_count = 6
	};
	send_slice(test, 7, SYS_clock_nanosleep, 6 * MS, 0x1000);
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXIT, getpid(), SLOT, true);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->exits, 1);
	assert_true(test->asked_for);
	assert_int_equal(test->exited.pid, getpid());
	assert_int_equal(test->exited.status, 0x100);
	assert_int_equal(test->symbols.forgotten_pid, getpid());
	assert_int_equal(test->nr_blocked, 1); /* told before it is gone */
	assert_int_equal(total(&test->blocked[0].slices), 9 * MS);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	/* it is in the summary all the same */
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_loops, 1);
	assert_int_equal(summary.loops[0].turns, 5);
	assert_int_equal(summary.loops[0].ledger.cpu_ns, 9 * MS);
	assert_string_equal(summary.loops[0].id.runtime, "generic");
	summary_free(&summary);
}

static void test_thread_exit(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXIT, getpid(), SLOT, false);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->exits, 0);
	send_process(test, BP_RECORD_EXIT, getpid() + 1, BP_NO_SLOT, true); /* never watched */
	assert_int_equal(test->exits, 0);
}

static void test_fork_and_exec(void **state)
{
	struct test *test = start(state);
	pid_t child = getppid(); /* a process that is there */

	become_loop(test);
	send_process(test, BP_RECORD_FORK, child, BP_NO_SLOT, false);
	send_process(test, BP_RECORD_EXEC, child, BP_NO_SLOT, false);
	assert_int_equal(test->symbols.forgotten_pid, child);
	assert_int_equal(engine_loops(test->engine, getpid()), 1);
	send_process(test, BP_RECORD_EXIT, child, BP_NO_SLOT, true);
	assert_int_equal(test->exits, 1);
	assert_false(test->asked_for);
	/* the loop's own program gives way to another: it is no loop any more */
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXEC, getpid(), SLOT, false);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	assert_int_equal(test->probe.freed[SLOT], 1);
}

static void test_summary(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	test->probe.losses[BP_LOSS_SLICE_RING] = 12;
	test->probe.losses[BP_LOSS_SLOTS] = 3;
	test->symbols.counts.child_restarts = 2;
	now_ns += 700 * MS;
	test->probe.slot[SLOT].since_ns = now_ns;
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	now_ns += 50 * MS;
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.duration_ns, 750 * MS);
	assert_int_equal(summary.command_status, -1);
	assert_int_equal(summary.nr_loops, 1);
	assert_int_equal(summary.loops[0].stalls, 1);
	assert_int_equal(summary.loops[0].idle_ns, 50 * MS);
	assert_int_equal(summary.nr_lost, 3);
	assert_string_equal(summary.lost[0].name, "slices_ring_full");
	assert_int_equal(summary.lost[0].count, 12);
	assert_string_equal(summary.lost[1].name, "loops_without_slot");
	assert_string_equal(summary.lost[2].name, "symbolizer_restarts");
	assert_int_equal(summary.lost[2].count, 2);
	summary_free(&summary);
}

/* -- asyncio -- */

static const struct fake_code codes[] = { { 0x3000, { "work", "/app/work.py", 5 } }, { 0 } };
static struct python python;

static struct test *start_asyncio(void **state)
{
	struct test *test;

	python = (struct python){
		.codes = codes,
		.thread_loop = { .run_onces = 1,
				 .in_own_select = true,
				 .loop_object = 0xabc0,
				 .epoll_fd = 5 },
		.frames_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = -1 },
	};
	fake_python = &python;
	fake_python_err = 0;
	test = start(state);
	send_candidate(test, 1);
	fake_python_err = -ENOENT;
	assert_int_equal(test->loops, 1);
	assert_string_equal(test->runtime, "asyncio");
	assert_string_equal(test->loop.runtime_version, "3.11.7");
	assert_int_equal(test->probe.slot[SLOT].loop_object, 0xabc0);
	assert_int_equal(test->probe.python.version, 0x30b);
	python.frames_loop = (struct python_loop){ .run_onces = 1, .epoll_fd = -1 };
	now_ns += 500 * MS;
	return test;
}

static struct bp_slice python_slice(uint64_t seq, int syscall, uint64_t ns)
{
	struct bp_slice slice = slice_of(seq, syscall, ns, 0x1000);

	slice.capture.stack.python_nr = 1;
	slice.capture.stack.python[0].code = 0x3000;
	return slice;
}

static void test_task(void **state)
{
	struct test *test = start_asyncio(state);
	struct bp_slice slice = python_slice(7, SYS_clock_nanosleep, 150 * MS);
	char version[32];

	slice.capture.stack.task = 12;
	slice.capture.task.task.addr = 12;
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_string_equal(test->stalls[0].slices.v[0].task_name, "Task-12");
	assert_string_equal(test->stalls[0].slices.v[0].task_coro, "coro_12");
	assert_string_equal(engine_interpreter(test->engine, getpid(), version, sizeof(version)),
			    "CPython 3.11.7");
	assert_false(engine_unreadable(test->engine, getpid()));
}

/* The loop was made anew, asyncio.run() again: what looked like a turn was its wait. */
static void test_wait_moved(void **state)
{
	struct test *test = start_asyncio(state);
	struct bp_slice slice;

	python.frames_loop.in_own_select = true;
	slice = python_slice(7, SYS_epoll_wait, 300 * MS);
	slice.capture.block.wait_class = BP_WAIT_EPOLL;
	slice.capture.block.wait_id = 11;
	send_used(test, &slice);
	send_turn(test, 7, 300 * MS, (struct bp_ledger){ .blocked_ns = 300 * MS });
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->probe.slot[SLOT].wait_id, 11);
	/* nothing of that turn any more, all of the next */
	python.frames_loop.in_own_select = false;
	send_slice(test, 7, SYS_fsync, 200 * MS, 0x1000);
	slice = python_slice(8, SYS_fsync, 150 * MS);
	send_used(test, &slice);
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	engine_finish(test->engine);
	assert_int_equal(test->nr_blocked, 0);
}

/* asyncio.run() returned: what the program does then is no turn, what it did before is. */
static void test_left(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice slice;

	now_ns = began_ns + 130 * MS;
	slice = python_slice(7, SYS_fsync, 120 * MS);
	slice.turn_start_ns = began_ns;
	send_used(test, &slice);
	engine_run(test->engine);
	now_ns = began_ns + 5 * S;
	python.frames_loop.run_onces = 0;
	slice = python_slice(7, SYS_clock_nanosleep, 4 * S);
	slice.turn_start_ns = began_ns;
	send_used(test, &slice);
	test->probe.slot[SLOT].turn.cpu_ns = 700 * MS; /* has gone on since */
	send_turn(test, 7, 5 * S, (struct bp_ledger){ .blocked_ns = 5 * S });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].duration_ns, 130 * MS);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 120 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 10 * MS);
	assert_slice(&test->stalls[0].slices, CAUSE_FILE, 120 * MS, 1);
	assert_int_equal(test->stalls[0].cause, CAUSE_FILE);
}

/* It ended without another wait: up to where it was seen in its loop. */
static void test_turn_cut_by_the_end(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice slice;
	struct bp_turn turn;

	now_ns = began_ns + 150 * MS;
	slice = python_slice(7, SYS_fsync, 150 * MS);
	send_used(test, &slice);
	now_ns = began_ns + 900 * MS;
	turn = turn_of(7, 900 * MS,
		       (struct bp_ledger){ .blocked_ns = 150 * MS, .cpu_ns = 750 * MS });
	turn.delayed_events = -1;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 0);
	/* nothing was seen of this one */
	turn.turn_seq = 8;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
}

/* Waits that did not sleep were not seen: the loop's own note says when its turn began. */
static void begin_unseen(struct test *test, uint64_t began_ns)
{
	test->probe.waits_always = false;
	set_blocked(test, 7, began_ns, began_ns + 300 * MS);
	test->probe.slice[SLOT].capture.stack.python_nr = 1;
	test->probe.slice[SLOT].capture.stack.python[0].code = 0x3000;
	now_ns = began_ns + 310 * MS;
	python.thread_loop = (struct python_loop){ .run_onces = 1, .epoll_fd = 5 };
}

static void test_start_is_later(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;

	begin_unseen(test, began_ns);
	python.thread_loop.turn_start_ns = began_ns + 250 * MS;
	engine_run(test->engine);
	assert_true(test->probe.waits);
	assert_int_equal(test->nr_stalls, 0); /* 60 ms */
	now_ns = began_ns + 400 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].mono_ns, began_ns + 250 * MS);
	assert_int_equal(test->stalls[0].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 100 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 50 * MS);
	/* and so it ends */
	test->probe.slot[SLOT].in_turn = 0;
	test->probe.slot[SLOT].state = BP_WAITING;
	send_turn(test, 7, 400 * MS,
		  (struct bp_ledger){
			  .cpu_ns = 280 * MS, .runqueue_ns = 20 * MS, .blocked_ns = 100 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[1].ledger.cpu_ns, 30 * MS);
	assert_int_equal(test->stalls[1].ledger.runqueue_ns, 20 * MS);
	assert_int_equal(test->stalls[1].ledger.blocked_ns, 100 * MS);
}

/* The note is the target's memory: a time that has not come makes no turn of 584 years. */
static void test_start_in_the_future(void **state)
{
	static const uint64_t later[] = { 1, 50 * MS, 3600 * S, UINT64_MAX / 2 };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		struct test *test = start_asyncio(state);
		uint64_t began_ns = now_ns;

		begin_unseen(test, began_ns);
		python.thread_loop.turn_start_ns = now_ns + later[i];
		engine_run(test->engine);
		engine_finish(test->engine);
		assert_true(test->nr_stalls > 0);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_int_equal(test->stalls[k].duration_ns, now_ns - began_ns);
		teardown(state);
		setup(state);
	}
}

/* A turn that may have been several: counted, not told, its blocks kept. */
static void test_doubtful_turn(void **state)
{
	struct test *test = start_asyncio(state);
	struct summary_record summary;
	uint64_t began_ns = now_ns;

	begin_unseen(test, began_ns);
	python.thread_err = -ESRCH; /* the loop does not say */
	test->probe.slot[SLOT].slept_ns = began_ns;
	test->probe.slot[SLOT].state = BP_RUNNING;
	engine_run(test->engine); /* the probes for waits are on from here */
	assert_true(test->probe.waits);
	forget_told(test);
	test->probe.slot[SLOT].in_turn = 0;
	send_turn(test, 7, 310 * MS, (struct bp_ledger){ .cpu_ns = 310 * MS });
	assert_int_equal(test->nr_stalls, 0);
	/* what came after is beyond doubt */
	now_ns += 150 * MS;
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .cpu_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 1);
	assert_string_equal(summary.lost[0].name, "turns_doubtful");
	summary_free(&summary);
}

/* -- what costs -- */

static void test_pace(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 11 * MS, now_ns - 10 * MS);
	engine_run(test->engine);
	assert_false(test->probe.waits || test->probe.samples);
	now_ns += 2 * MS; /* an eighth of the threshold */
	engine_run(test->engine);
	assert_true(test->probe.waits && test->probe.samples);
	test->probe.slot[SLOT].state = BP_WAITING;
	now_ns += 900 * MS;
	engine_run(test->engine);
	assert_true(test->probe.waits && test->probe.samples);
	now_ns += 200 * MS;
	engine_run(test->engine);
	assert_false(test->probe.waits || test->probe.samples);
	assert_int_equal(engine_tick_ms(test->engine), 12);
}

/* The loop runs, and never sleeps in its wait; that shows in its turns while waits are seen. */
static void run_busy(struct test *test, uint64_t ns)
{
	struct bp_slot *slot = &test->probe.slot[SLOT];

	for (uint64_t end_ns = now_ns + ns; now_ns < end_ns; now_ns += 10 * MS) {
		if (test->probe.waits) {
			slot->turn_seq++;
			slot->turn_start_ns = slot->since_ns = now_ns;
			if (slot->unvouched == BP_UNVOUCHED_TURN)
				slot->unvouched = BP_VOUCHED;
		}
		engine_run(test->engine);
	}
}

/* Of the whole system, one busy loop is not to cost each system call something for good. */
static void test_busy_loops_rest(void **state)
{
	struct engine_options options = { .threshold_ns = 100 * MS, .whole_system = true };
	struct test *test = start_with(state, &options);
	struct bp_slot *slot = &test->probe.slot[SLOT];
	unsigned int on = 0;

	become_loop(test);
	test->probe.waits_always = false;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	slot->state = BP_RUNNING;
	run_busy(test, 9 * S);
	assert_true(test->probe.waits);
	run_busy(test, 11 * S);
	for (int i = 0; i < 1000; i++) {
		run_busy(test, 10 * MS);
		on += test->probe.waits;
		assert_int_equal(slot->unvouched == BP_UNVOUCHED, !test->probe.waits);
	}
	/* a second in ten, and one more until what was switched on is switched off */
	assert_in_range(on, 100, 220);
	assert_int_equal(test->nr_stalls, 0);

	/* a block is watched in any case: the kernel side begins a turn with it */
	while (test->probe.waits)
		run_busy(test, 10 * MS);
	set_blocked(test, slot->turn_seq + 1, now_ns, now_ns);
	for (int i = 0; i < 15; i++) {
		now_ns += 10 * MS;
		test->probe.slice[SLOT].ns += 10 * MS;
		engine_run(test->engine);
	}
	assert_true(test->probe.waits);
	assert_int_equal(slot->unvouched, BP_VOUCHED);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
}

/* The processes that the user named are watched all the time. */
static void test_busy_targets_do_not_rest(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	test->probe.slot[SLOT].state = BP_RUNNING;
	for (int i = 0; i < 40; i++) {
		run_busy(test, 1 * S);
		assert_true(test->probe.waits);
		assert_int_equal(test->probe.slot[SLOT].unvouched, BP_VOUCHED);
	}
}

/* A block that lasts long keeps nothing switched on; its end does at once. */
static void test_away(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	now_ns += 5 * S;
	engine_run(test->engine);
	assert_true(test->probe.waits);
	now_ns += 6 * S;
	engine_run(test->engine);
	assert_false(test->probe.waits);
	test->probe.slot[SLOT].state = BP_RUNNING;
	test->probe.slot[SLOT].since_ns = now_ns;
	engine_run(test->engine);
	assert_true(test->probe.waits);
}

/* -- hostile records -- */

static void test_other_slots(void **state)
{
	static const unsigned int slots[] = { 0, SLOTS + 1, 1000000, UINT32_MAX };
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct bp_slice slice = slice_of(7, SYS_fsync, 200 * MS, 0x1000);
		struct bp_turn turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
		struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
						  .wait_class = BP_WAIT_EPOLL,
						  .count = 9 };

		slice.header.slot = turn.header.slot = candidate.header.slot = slots[i];
		send(test, &slice, sizeof(slice));
		send(test, &turn, sizeof(turn));
		send(test, &candidate, sizeof(candidate));
		engine_run(test->engine);
		test->probe.thread.slot = SLOT;
		send_process(test, BP_RECORD_EXEC, 1, slots[i], false);
		send_process(test, BP_RECORD_EXIT, 1, slots[i], false);
		test->probe.thread.slot = slots[i];
		assert_int_equal(engine_look(test->engine), 0);
	}
	assert_int_equal(test->nr_stalls, 0);
	for (unsigned int slot = 0; slot <= SLOTS; slot++)
		assert_int_equal(test->probe.freed[slot], 0);
	assert_int_equal(engine_loops(test->engine, 0), 1);
}

/* A slot whose thread is another than the record's. */
static void test_other_thread(void **state)
{
	struct test *test = start(state);
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
	turn.header.tid++;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

/* Cut anywhere: the rest counts as empty. */
static void test_short_records(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	for (unsigned int type = 0; type <= BP_RECORD_COPY; type++) {
		if (type == BP_RECORD_EXEC || type == BP_RECORD_EXIT)
			continue; /* they end the loop */
		slice = slice_of(7, SYS_fsync, 1 * MS, 0x1000);
		slice.header = header(type);
		for (size_t bytes = sizeof(struct bp_header); bytes <= 400; bytes++)
			send(test, &slice, bytes);
		engine_run(test->engine);
	}
	slice = slice_of(7, SYS_fsync, 1 * MS, 0x1000);
	for (size_t bytes = 400; bytes <= sizeof(slice); bytes += 97)
		send(test, &slice, bytes);
	turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
	send(test, &turn, offsetof(struct bp_turn, end_ns));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

static void test_hostile_slice(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	for (unsigned int kind = 0; kind < 9; kind++) {
		for (int nr = -2; nr < 460; nr += 3) {
			memset(&slice, 0x41, sizeof(slice)); /* no string is ended */
			slice.header = header(BP_RECORD_SLICE);
			slice.turn_seq = 7;
			slice.capture.object.kind = kind;
			slice.capture.object.path_bytes = nr % 2 ? UINT16_MAX : BP_PATH_BYTES;
			slice.capture.object.socket.family = nr % 60;
			slice.capture.block.syscall = nr;
			slice.capture.block.flags = 0;
			slice.capture.has_stack_bytes = UINT32_MAX;
			slice.capture.stack.kernel_nr = UINT16_MAX;
			slice.capture.stack.user_nr = UINT16_MAX;
			slice.capture.stack.python_nr = UINT16_MAX;
			slice.capture.other_stack = slice.capture.stack;
			slice.capture.other.kind = nr % 4;
			slice.capture.other.tgid = getpid();
			send(test, &slice, sizeof(slice));
		}
		engine_run(test->engine);
	}
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 100 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].slices.nr > 5);
}

/* -- copies of stacks -- */

static const struct native_frame unwound[] = {
	{ .addr = 0x1010, .cfa = 0x7010, .flags = NATIVE_EXACT },
	{ .addr = 0x1000, .cfa = 0x7800 },
};

/* Of the thread's stack in the slice that comes, or came; marked by ip. */
static void send_copy(struct test *test, const struct bp_slice *slice, unsigned int flags,
		      unsigned int bytes, uint64_t ip)
{
	struct bp_copy *copy = calloc(1, sizeof(*copy));

	assert_non_null(copy);
	copy->header = header(BP_RECORD_COPY);
	copy->since_ns = slice->capture.since_ns;
	copy->flags = flags;
	copy->bytes = bytes;
	copy->wanted = BP_COPY_FIRST;
	copy->regs.reg[BP_REGISTER_SP] = 0x7000;
	copy->regs.reg[BP_REGISTER_IP] = ip;
	send(test, copy, offsetof(struct bp_copy, stack) + (bytes < 4096 ? bytes : 4096));
	free(copy);
}

static const struct stack *told_stack(const struct test *test)
{
	return find(&test->stalls[test->nr_stalls - 1].slices, CAUSE_FILE)->stack;
}

/* A stall of one block, in 0x1000 as frame pointers say; copied before it, or after. */
static void copied_stall(struct test *test, uint64_t seq, bool before, unsigned int flags,
			 unsigned int bytes)
{
	struct bp_slice slice;

	now_ns += 500 * MS;
	slice = slice_of(seq, SYS_fsync, 150 * MS, 0x1000);
	if (before)
		send_copy(test, &slice, flags, bytes, 0x99);
	send_used(test, &slice);
	if (!before)
		send_copy(test, &slice, flags, bytes, 0x99);
	send_turn(test, seq, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
}

static void test_copy_is_unwound(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	copied_stall(test, 7, true, 0, 2048);
	assert_int_equal(test->symbols.unwinds, 1);
	assert_int_equal(test->symbols.unwind_regs.reg[BP_REGISTER_IP], 0x99);
	assert_int_equal(told_stack(test)->nr, 2);
	assert_string_equal(told_stack(test)->frames[0].fn, "there");
	assert_string_equal(told_stack(test)->frames[1].fn, "here");
	assert_false(told_stack(test)->frames[1].by_frame_pointer);
	assert_int_equal(test->probe.slot[SLOT].copy_bytes, 0);
}

/* None came, or after its slice, or of bytes that are not there: what frame pointers found. */
static void test_copy_is_lost(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	copied_stall(test, 7, false, 0, 2048);
	copied_stall(test, 8, true, 0, 8000);
	copied_stall(test, 9, true, 0, UINT32_MAX);
	copied_stall(test, 10, true, 0, 0);
	assert_int_equal(test->nr_stalls, 4);
	for (size_t i = 0; i < test->nr_stalls; i++) {
		assert_int_equal(find(&test->stalls[i].slices, CAUSE_FILE)->stack->nr, 1);
		assert_string_equal(find(&test->stalls[i].slices, CAUSE_FILE)->stack->frames[0].fn,
				    "here");
	}
	assert_int_equal(test->symbols.unwinds, 0);
	/* one that does not unwind */
	test->symbols.nr_unwound = 0;
	copied_stall(test, 11, true, 0, 2048);
	assert_int_equal(told_stack(test)->nr, 1);
	assert_int_equal(test->symbols.unwinds, 1);
}

/* What was too short the next copy has more of. */
static void test_copy_is_too_short(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->symbols.unwind_flags = UNWIND_CUT;
	copied_stall(test, 7, true, 0, 2048); /* the stack ended */
	assert_true(told_stack(test)->cut);
	assert_int_equal(test->probe.slot[SLOT].copy_bytes, 0);
	copied_stall(test, 8, true, BP_COPY_CUT, 2048);
	assert_true(told_stack(test)->cut);
	assert_int_equal(test->probe.slot[SLOT].copy_bytes, 2 * BP_COPY_FIRST);
}

static void test_copy_of_a_waker(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_fsync, 150 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	slice.capture.other_stack = (struct bp_stack){ .user_nr = 1, .user = { 0x1000 } };
	send_copy(test, &slice, BP_COPY_OTHER, 2048, 0x42);
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(told_stack(test)->nr, 1);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_FILE)->waker.stack->nr, 2);
	assert_int_equal(test->symbols.unwind_regs.reg[BP_REGISTER_IP], 0x42);
}

/* While it lasts the kernel side's buffer is read, if it is of this block. */
static void test_copy_while_it_lasts(void **state)
{
	struct bp_copy *copy = calloc(1, sizeof(*copy));
	struct test *test = start(state);

	assert_non_null(copy);
	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->probe.copy = copy;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].copy = 3;
	copy->header = header(BP_RECORD_COPY);
	copy->bytes = 100;
	copy->regs.reg[BP_REGISTER_IP] = 0x77;
	engine_run(test->engine);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SLEEP)->stack->nr, 1);
	copy->since_ns = test->probe.slot[SLOT].since_ns;
	look_later(test, 2 * S);
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(find(&test->stalls[1].slices, CAUSE_SLEEP)->stack->nr, 2);
	free(copy);
}

/* A longer one is read from the thread's memory, which has not moved. */
static void test_copy_is_made_longer(void **state)
{
	static unsigned char memory[3 * 4096];
	struct bp_copy *copy = calloc(1, sizeof(*copy));
	struct test *test = start(state);
	struct bp_slice slice;
	unsigned int unwinds;

	assert_non_null(copy);
	become_loop(test);
	test->symbols.unwound = unwound;
	test->symbols.nr_unwound = 2;
	test->probe.copy = copy;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].copy = 3;
	copy->header = header(BP_RECORD_COPY);
	copy->since_ns = test->probe.slot[SLOT].since_ns;
	copy->bytes = 100;
	copy->regs.reg[BP_REGISTER_SP] = (uintptr_t)memory;
	engine_run(test->engine);
	assert_true(test->symbols.unwind_bytes >= sizeof(memory));
	/* it ended before the stack did */
	assert_true(test->probe.slot[SLOT].copy_holes);
	unwinds = test->symbols.unwinds;
	/* and is the slice's, whatever came with that */
	slice = test->probe.slice[SLOT];
	slice.header = header(BP_RECORD_SLICE);
	slice.ns = 150 * MS;
	send_copy(test, &slice, BP_COPY_CUT, 100, 0x99);
	send_used(test, &slice);
	engine_run(test->engine);
	assert_int_equal(test->symbols.unwinds, unwinds + 1);
	assert_true(test->symbols.unwind_bytes >= sizeof(memory));
	free(copy);
}

/* Times that run backwards or wrap around: the ledger adds up (on_stall()), nothing is longer than it can be. */
static void test_hostile_times(void **state)
{
	static const uint64_t times[] = { 0,	    1,		999 * S,   1000 * S + 400 * MS,
					  2000 * S, 1ull << 63, UINT64_MAX };
	const size_t nr = sizeof(times) / sizeof(times[0]);
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	for (size_t i = 0; i < nr * nr; i++) {
		uint64_t a = times[i % nr], b = times[i / nr];
		struct bp_turn turn =
			turn_of(i + 1, 0, (struct bp_ledger){ a, b, a, b, UINT64_MAX });

		turn.start_ns = a;
		turn.end_ns = b;
		turn.sums[0] = (struct bp_sum){ .used = 1, .ns = b, .count = UINT32_MAX };
		send(test, &turn, sizeof(turn));
		engine_run(test->engine);
		if (b < a)
			assert_int_equal(test->nr_stalls, 0);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_int_equal(test->stalls[k].duration_ns, b - a);
		forget_told(test);
		/* and the slot itself */
		set_blocked(test, 1000 + i, a, b);
		engine_run(test->engine);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_true(test->stalls[k].duration_ns <= now_ns);
		forget_told(test);
		test->probe.slot[SLOT].in_turn = 0;
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_loop_is_told_once),
		TEST(test_overrides),
		TEST(test_unwatched),
		TEST(test_stall),
		TEST(test_handed_over),
		TEST(test_standing),
		TEST(test_at_the_threshold),
		TEST(test_samples),
		TEST(test_ledger_too_long),
		TEST(test_sums),
		TEST(test_naps_joined),
		TEST(test_waker_and_holder),
		TEST(test_ongoing_then_final),
		TEST(test_peer),
		TEST(test_before_attach),
		TEST(test_torn_capture),
		TEST(test_not_in_a_turn),
		TEST(test_finish),
		TEST(test_blocked),
		TEST(test_carry_beside_a_stall),
		TEST(test_no_turn),
		TEST(test_exit),
		TEST(test_thread_exit),
		TEST(test_fork_and_exec),
		TEST(test_summary),
		TEST(test_task),
		TEST(test_wait_moved),
		TEST(test_left),
		TEST(test_turn_cut_by_the_end),
		TEST(test_start_is_later),
		TEST(test_start_in_the_future),
		TEST(test_doubtful_turn),
		TEST(test_pace),
		TEST(test_busy_loops_rest),
		TEST(test_busy_targets_do_not_rest),
		TEST(test_away),
		TEST(test_other_slots),
		TEST(test_other_thread),
		TEST(test_short_records),
		TEST(test_hostile_slice),
		TEST(test_hostile_times),
		TEST(test_copy_is_unwound),
		TEST(test_copy_is_lost),
		TEST(test_copy_is_too_short),
		TEST(test_copy_of_a_waker),
		TEST(test_copy_while_it_lasts),
		TEST(test_copy_is_made_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
