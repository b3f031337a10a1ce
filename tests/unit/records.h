/* SPDX-License-Identifier: GPL-2.0-or-later */
/* records.h - records to feed to outputs, and what came out, for the tests of user/output. */
#ifndef BLOCKPROF_TESTS_UNIT_RECORDS_H
#define BLOCKPROF_TESTS_UNIT_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/escape.h"
#include "output/output.h"

#define MS 1000000ull
#define S  1000000000ull

/* 2024-05-01T12:00:00Z, when the records' monotonic clock read 1000 s. */
#define TEST_TIME_NS 1714564800000000000ull
#define TEST_MONO_NS (1000 * S)

#define PYTHON(f, path, n)                                                    \
	{                                                                     \
		.kind = FRAME_PYTHON, .fn = (f), .file = (path), .line = (n), \
	}
#define NATIVE(f, path)                                            \
	{                                                          \
		.kind = FRAME_NATIVE, .fn = (f), .module = (path), \
	}
#define KERNEL(f)                                \
	{                                        \
		.kind = FRAME_KERNEL, .fn = (f), \
	}
#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* A directory of its own for each test; temp_path() is valid until the next call. */
struct temp {
	char directory[64];
	char path[128];
};

static inline int temp_setup(void **state)
{
	struct temp *temp = calloc(1, sizeof(*temp));

	assert_non_null(temp);
	strcpy(temp->directory, "/tmp/blockprof-test-XXXXXX");
	assert_non_null(mkdtemp(temp->directory));
	*state = temp;
	return 0;
}

static inline const char *temp_path(struct temp *temp, const char *name)
{
	snprintf(temp->path, sizeof(temp->path), "%s/%s", temp->directory, name);
	return temp->path;
}

static inline int temp_teardown(void **state)
{
	static const char *const names[] = { "a.jsonl",	 "a.jsonl.gz",	     "b.jsonl",
					     "a.folded", "a.folded.gz",	     "a.txt",
					     "stdout",	 "stderr",	     "a.pprof",
					     "a.svg",	 "a.speedscope.json" };
	struct temp *temp = *state;

	for (size_t i = 0; i < NR(names); i++)
		unlink(temp_path(temp, names[i]));
	rmdir(temp->directory);
	free(temp);
	return 0;
}

/* What is in a file, plain or gzip; the caller's. */
static inline char *read_text(const char *path)
{
	size_t size = 0, capacity = 1 << 16;
	char *text = malloc(capacity);
	gzFile file = gzopen(path, "rb");
	int got;

	assert_non_null(file);
	while (text && (got = gzread(file, text + size, (unsigned int)(capacity - size - 1))) > 0) {
		size += (size_t)got;
		if (size + 1 == capacity)
			text = realloc(text, capacity *= 2);
	}
	assert_non_null(text);
	text[size] = '\0';
	gzclose(file);
	return text;
}

static inline void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static inline struct output *open_output(const char *format, const char *path,
					 const struct output_options *options)
{
	static const struct output_options defaults;
	struct output *output = NULL;

	assert_int_equal(output_open(&output, output_format_by_name(format), path,
				     options ? options : &defaults),
			 0);
	return output;
}

/* Seconds after the start of the recording, on both clocks. */
#define AT(seconds)                                          \
	.mono_ns = TEST_MONO_NS + (uint64_t)((seconds)*1e9), \
	.time_ns = TEST_TIME_NS + (uint64_t)((seconds)*1e9)

static inline struct thread_id thread_main(void)
{
	return (struct thread_id){
		.pid = 4242,
		.tid = 4242,
		.comm = "python3",
		.runtime = (char *)"asyncio",
		.loop = 1,
	};
}

static inline struct stack *make_stack(const struct frame *frames, size_t nr)
{
	struct stack *stack = stack_new(frames, nr, false);

	assert_non_null(stack);
	return stack;
}

#define LIBRARY "/usr/lib/python3.11/"

/* Nine clients, of which the kernel knows of eight how long they waited. */
static inline struct impact nine_clients(void)
{
	struct impact impact = impact_none();

	impact.events = 12;
	for (int i = 0; i < 9; i++) {
		struct impact_client client = { .fd = 20 + i,
						.late_ns = i ? i * 40 * (int64_t)MS : -1 };

		snprintf(client.peer, sizeof(client.peer), "10.0.0.%d:4000", i);
		if (i > 6)
			client.peer_pid = 900 + i;
		if (i > 6)
			strcpy(client.peer_comm, "wr\xffk");
		impact_add(&impact, &client);
	}
	impact.late_ns = 340 * MS;
	impact.timers_late = 3;
	impact.tasks_ready = 0;
	return impact;
}

/* A request to a database; slices_free() its slices. */
static inline struct stall_record socket_stall(void)
{
	static const struct frame frames[] = {
		KERNEL("tcp_recvmsg"),
		NATIVE("__libc_recv", "/usr/lib/x86_64-linux-gnu/libc.so.6"),
		PYTHON("Connection.recv", "/usr/lib/python3/dist-packages/pg/core.py", 12),
		PYTHON("Connection.run", "/usr/lib/python3/dist-packages/pg/core.py", 50),
		PYTHON("execute", "/srv/app/db.py", 41),
		PYTHON("fetch_rates", "/srv/app/rates.py", 88),
		PYTHON("Handle._run", LIBRARY "asyncio/events.py", 84),
		PYTHON("BaseEventLoop._run_once", LIBRARY "asyncio/base_events.py", 1922),
		PYTHON("run", LIBRARY "asyncio/runners.py", 190),
		PYTHON("<module>", "/srv/app/main.py", 12),
		NATIVE("main", "/usr/bin/python3.11"),
	};
	struct stall_record stall = {
		AT(1),
		.turn = "4242-17",
		.id = thread_main(),
		.duration_ns = 352 * MS,
		.delayed_events = 12,
		.impact = nine_clients(),
		.ledger = { .cpu_ns = 9 * MS, .runqueue_ns = 3 * MS, .blocked_ns = 340 * MS },
		.cause = CAUSE_SOCKET,
	};
	struct slice slice = {
		.cause = CAUSE_SOCKET,
		.syscall = strdup("recvfrom"),
		.ns = 340 * MS,
		.count = 1,
		.max_ns = 340 * MS,
		.target = {
			.kind = TARGET_SOCKET,
			.proto = strdup("tcp"),
			.local = strdup("127.0.0.1:41234"),
			.peer = strdup("127.0.0.1:5432"),
			.peer_pid = 812,
			.peer_comm = strdup("postgres"),
		},
		.task_name = strdup("rates-3"),
		.task_coro = strdup("poll_rates"),
		.stack = make_stack(frames, NR(frames)),
	};

	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	return stall;
}

/* A sleep; slices_free() its slices. */
static inline struct stall_record sleep_stall(bool ongoing, uint64_t ns)
{
	static const struct frame frames[] = {
		KERNEL("hrtimer_nanosleep"),
		NATIVE("clock_nanosleep", "/usr/lib/x86_64-linux-gnu/libc.so.6"),
		PYTHON("do_io", "/app/bad.py", 3),
		PYTHON("Handle._run", LIBRARY "asyncio/events.py", 84),
		PYTHON("run", LIBRARY "asyncio/runners.py", 190),
		PYTHON("<module>", "/app/bad.py", 9),
	};
	struct stall_record stall = {
		AT(8),
		.turn = "4242-18",
		.ongoing = ongoing,
		.id = thread_main(),
		.duration_ns = ns,
		.delayed_events = ongoing ? -1 : 1,
		.ledger = { .blocked_ns = ns },
		.cause = CAUSE_SLEEP,
	};
	struct slice slice = {
		.cause = CAUSE_SLEEP,
		.syscall = strdup("clock_nanosleep"),
		.ns = ns,
		.count = 1,
		.max_ns = ns,
		.task_name = strdup("Task-7"),
		.task_coro = strdup("do_io"),
		.stack = make_stack(frames, NR(frames)),
	};

	intervals_add(&slice.intervals, (struct interval){ stall.mono_ns, ns }, 0);
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	return stall;
}

/* Someone who means harm: escapes, separators, invalid UTF-8, C1, direction overrides. */
#define HOSTILE                                               \
	"a\033[31m;b\nc\r\t\x01\xff\xc3(\xe2\x80\xae\xc2\x9b" \
	"2J\"\\ \x7f"

static inline void hostile_culprits(struct culprits *culprits, unsigned int depth)
{
	struct frame frames[] = { PYTHON(HOSTILE, HOSTILE, 1), NATIVE(HOSTILE, HOSTILE) };

	for (int kind = 0; kind < CULPRIT_KIND_NR && depth < CULPRITS_DEPTH; kind++) {
		struct culprit culprit = {
			.kind = (enum culprit_kind)kind,
			.pid = 2147483647 - kind,
			.tid = 77,
			.ns = S / (unsigned int)(kind + 1),
			.seen = kind != CULPRIT_RUNNER,
			.cycle = depth == CULPRITS_DEPTH - 1,
			.cause = kind == CULPRIT_CGROUP ? CAUSE_CPU : CAUSE_FILE,
			.syscall = strdup(HOSTILE),
			.target = { .kind = TARGET_FILE, .path = strdup(HOSTILE) },
			.stack = make_stack(frames, NR(frames)),
			.cgroup = strdup(HOSTILE),
			.name = strdup(HOSTILE),
			.doubt = (enum culprit_doubt)(kind % CULPRIT_DOUBT_NR),
			.quota_ns = 1,
			.period_ns = 2,
		};

		memcpy(culprit.comm, HOSTILE, 15);
		if (kind == CULPRIT_RUNNER) {
			/* of what was not seen nothing is written */
			target_free(&culprit.target);
			free(culprit.syscall);
			culprit.syscall = NULL;
			stack_put(culprit.stack);
			culprit.stack = NULL;
		}
		/* behind one of each level: behind all there would be too many for a line */
		if (kind == CULPRIT_SERVER)
			hostile_culprits(&culprit.culprits, depth + 1);
		assert_int_equal(culprits_add(culprits, &culprit), 0);
	}
}

/* A GIL stall of another thread, with every string hostile and long, and three slices to show. */
static inline struct stall_record hostile_stall(void)
{
	static char longish[200];
	struct frame frames[40], other[] = { PYTHON(HOSTILE, HOSTILE, 4294967295u) };
	struct stall_record stall = {
		AT(20),
		.turn = "4250-1",
		.id = { .pid = 4242, .tid = 4250, .runtime = (char *)HOSTILE },
		.duration_ns = 3 * S,
		.before_attach = true,
		.delayed_events = 100000,
		.ledger = { .blocked_ns = 29 * S / 10, .unknown_ns = S / 10 },
		.cause = CAUSE_GIL,
	};
	static const enum cause causes[] = { CAUSE_GIL, CAUSE_FILE, CAUSE_DNS, CAUSE_CHILD };
	static const enum target_kind kinds[] = { TARGET_FUTEX, TARGET_FILE, TARGET_DNS,
						  TARGET_CHILD };

	memcpy(stall.id.comm, HOSTILE, 15);
	for (size_t i = 0; i + sizeof(HOSTILE) < sizeof(longish); i += sizeof(HOSTILE) - 1)
		memcpy(longish + i, HOSTILE, sizeof(HOSTILE));
	for (size_t i = 0; i < NR(frames); i++)
		frames[i] = (struct frame){
			.kind = i < 2	? FRAME_KERNEL
				: i < 4 ? FRAME_NATIVE
					: FRAME_PYTHON,
			.fn = i % 3 ? HOSTILE : longish,
			.file = i % 2 ? longish : HOSTILE,
			.module = longish,
			.line = (unsigned int)i,
			.inlined = i == 2,
		};
	for (size_t i = 0; i < NR(causes); i++) {
		struct slice slice = {
			.cause = causes[i],
			.syscall = strdup(HOSTILE),
			.ns = (10 - i) * S / 10,
			.count = 1000,
			.max_ns = S,
			.target = {
				.kind = kinds[i],
				.addr = UINT64_MAX,
				.path = strdup(longish),
				.name = strdup(longish),
				.server = strdup(HOSTILE),
				.pid = 2147483647,
				.comm = strdup(HOSTILE),
			},
			.holder = { .pid = 4242, .tid = 4242, .stack = make_stack(other, 1) },
			.waker = { .pid = 4242, .tid = 4243, .stack = make_stack(other, 1) },
			.task_name = strdup(longish),
			.stack = stack_new(frames, NR(frames), true),
		};

		hostile_culprits(&slice.culprits, 0);
		memcpy(slice.holder.comm, HOSTILE, 15);
		memcpy(slice.waker.comm, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82",
		       14);
		assert_int_equal(slices_add(&stall.slices, &slice), 0);
	}
	return stall;
}

static inline void feed_stall(struct output *output, struct stall_record stall)
{
	output_stall(output, &stall);
	slices_free(&stall.slices);
}

static inline void feed_start(struct output *output)
{
	static const pid_t pids[] = { 4242, 4243 };
	static const struct name_value features[] = { { "wait", "tp_btf" }, { "python", HOSTILE } };
	struct start_record start = {
		AT(0),
		.version = "1.0",
		.host = HOSTILE,
		.kernel = "6.1.0",
		.pids = pids,
		.nr_pids = 2,
		.threshold_ns = 100 * MS,
		.features = features,
		.nr_features = 2,
	};

	output_start(output, &start);
}

static inline void feed_loop(struct output *output)
{
	static const int fds[] = { 0, 7 };
	struct loop_record loop = {
		AT(0.5),
		.id = thread_main(),
		.exe = "/usr/bin/python3.11",
		.runtime_version = "3.11.2",
		.wait_syscall = "epoll_wait",
		.wait_fd = 0,
		.source = { "epoll", fds, NR(fds) },
		.cgroup = "/user.slice",
		.unit = "web.service",
		.container = HOSTILE,
		.container_name = "app",
		.pod = "web-7d9",
		.namespace = "shop",
	};

	output_loop(output, &loop);
}

static inline void feed_blocked(struct output *output)
{
	struct stall_record stall = sleep_stall(false, 77 * MS);
	struct blocked_record blocked = { AT(22), .id = thread_main(), .slices = stall.slices };

	output_blocked(output, &blocked);
	slices_free(&stall.slices);
}

static inline void feed_exit(struct output *output)
{
	struct exit_record exited = { AT(23), .pid = 4242, .status = 9 };

	output_exit(output, &exited);
}

static inline void feed_summary(struct output *output)
{
	struct loop_summary loops[] = {
		{
			.id = thread_main(),
			.turns = 1203,
			.wall_ns = 24 * S,
			.idle_ns = 18 * S,
			.ledger = { .cpu_ns = S, .blocked_ns = 5 * S },
			.stalls = 2,
			.longest_ns = 5000 * MS,
			.p50_ns = 1200000,
			.p99_ns = 352 * MS,
		},
		{ .id = { .pid = 4242, .tid = 4250, .comm = "w\033", .runtime = (char *)HOSTILE } },
	};
	struct name_count lost[] = { { "slices_ring_full", 3 }, { "other", 1 } };
	struct discard_count discarded[] = { { "left", 2, 301 * MS }, { "b\033", 1, S } };
	struct summary_record summary = {
		AT(24),
		.duration_ns = 24 * S,
		.loops = loops,
		.nr_loops = NR(loops),
		.lost = lost,
		.nr_lost = NR(lost),
		.discarded = discarded,
		.nr_discarded = NR(discarded),
		.command_status = 256,
	};

	output_summary(output, &summary);
}

/* A stall that lasts, and turns out to be none. */
static inline void feed_withdrawn(struct output *output, const char *reason)
{
	struct withdrawn_record withdrawn = { AT(21.5), .turn = "4242-19", .id = thread_main() };
	struct stall_record stall = sleep_stall(true, 1500 * MS);

	stall.mono_ns += 12 * S;
	stall.time_ns += 12 * S;
	memcpy(stall.turn, withdrawn.turn, sizeof(stall.turn));
	feed_stall(output, stall);
	withdrawn.reason = reason;
	output_withdrawn(output, &withdrawn);
}

/* Every type of record, and a hostile one. */
static inline void feed_all(struct output *output)
{
	feed_start(output);
	feed_loop(output);
	feed_stall(output, socket_stall());
	feed_stall(output, sleep_stall(true, 100 * MS));
	feed_stall(output, sleep_stall(true, 1100 * MS));
	feed_stall(output, sleep_stall(false, 5000 * MS));
	feed_stall(output, hostile_stall());
	feed_withdrawn(output, HOSTILE);
	feed_blocked(output);
	feed_exit(output);
	feed_summary(output);
}

/* No line of a text is wider. */
static inline void check_width(const char *text, size_t columns)
{
	char *copy = strdup(text), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (text_width(line) > columns)
			fail_msg("%zu columns, not %zu: %s", text_width(line), columns, line);
	free(copy);
}

#endif
