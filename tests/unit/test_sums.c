// SPDX-License-Identifier: GPL-2.0-or-later
/* Many slices in few words: in a stall, and in the summary's rows. */
#include "records.h"

#include <time.h>

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

static char *render(struct temp *temp, const struct output_options *options,
		    void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.txt");
	struct output *output = open_output("text", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

static const struct frame check = PYTHON("check", "/srv/app/dns.py", 9);

/* A turn without slices. */
static struct stall_record turn(enum cause cause, uint64_t ns)
{
	return (struct stall_record){
		AT(1),
		.turn = "4242-1",
		.id = thread_main(),
		.duration_ns = ns,
		.delayed_events = -1,
		.ledger = { .blocked_ns = ns },
		.cause = cause,
	};
}

static void add(struct stall_record *stall, struct slice slice, const struct frame *frame)
{
	slice.stack = make_stack(frame, 1);
	stall->ledger.blocked_ns = 0;
	assert_int_equal(slices_add(&stall->slices, &slice), 0);
	slices_sort(&stall->slices);
	for (size_t i = 0; i < stall->slices.nr; i++)
		stall->ledger.blocked_ns += stall->slices.v[i].ns;
}

static char *numbered(const char *format, int number)
{
	char text[64];

	snprintf(text, sizeof(text), format, number);
	return strdup(text);
}

/* Each lookup is sent and awaited. */
static void feed_lookups(struct output *output)
{
	struct stall_record stall = turn(CAUSE_DNS, 500 * MS);

	for (int i = 0; i < 16; i++) {
		struct slice slice = {
			.cause = CAUSE_DNS,
			.syscall = strdup(i % 2 ? "poll" : "sendto"),
			.ns = i % 2 ? 60 * MS : MS,
			.count = 1,
			.target = { .kind = TARGET_DNS,
				    .name = numbered("h%d.blk.test", i / 2),
				    .server = strdup("127.0.0.77") },
			.task_name = numbered("check-%d", i / 2),
		};

		add(&stall, slice, &check);
	}
	feed_stall(output, stall);
}

static void lookups_are_counted_and_named(void **state)
{
	char *text = render(*state, NULL, feed_lookups);

	assert_non_null(strstr(text,
			       "500 ms in check (app/dns.py:9): dns\n"
			       "    8 lookups, h0 to h7.blk.test (server 127.0.0.77), 488 ms\n"
			       "    python3[4242] asyncio, 8 tasks: check-0 to check-7\n"
			       "    dns 488 ms\n"));
	free(text);
}

static void feed_hashes(struct output *output)
{
	struct stall_record stall = turn(CAUSE_CPU, 300 * MS);

	for (int i = 0; i < 3; i++) {
		struct slice slice = { .cause = CAUSE_CPU,
				       .ns = (100 - (uint64_t)i) * MS,
				       .count = 10,
				       .task_name = numbered("login-%d", 2 - i) };

		add(&stall, slice, &check);
	}
	stall.ledger = (struct ledger){ .cpu_ns = 300 * MS };
	feed_stall(output, stall);
}

static void few_tasks_have_their_shares(void **state)
{
	char *text = render(*state, NULL, feed_hashes);

	assert_non_null(strstr(text,
			       "300 ms in check (app/dns.py:9): cpu\n"
			       "    python3[4242] asyncio, 3 tasks: login-0 98 ms, login-1 99 ms "
			       "and login-2 100 ms\n"
			       "    cpu 300 ms\n"));
	free(text);
}

static void feed_files(struct output *output)
{
	struct stall_record stall = turn(CAUSE_FILE, 400 * MS);
	static const char *const calls[] = { "openat", "read", "fsync" };

	for (int i = 0; i < 3; i++) {
		struct slice slice = { .cause = CAUSE_FILE,
				       .syscall = strdup(calls[i]),
				       .ns = 100 * MS,
				       .count = 2,
				       .target = { .kind = TARGET_FILE,
						   .path = strdup("/d/a.db") } };

		add(&stall, slice, &check);
	}
	feed_stall(output, stall);
	stall = turn(CAUSE_CHILD, 400 * MS);
	for (int i = 0; i < 2; i++) {
		struct slice slice = { .cause = CAUSE_CHILD,
				       .syscall = strdup(i ? "vfork" : "wait4"),
				       .ns = i ? MS : 390 * MS,
				       .count = 1,
				       .target = { .kind = TARGET_CHILD,
						   .pid = 77,
						   .comm = strdup(i ? "python3" : "sh") },
				       .waker = { .pid = 77, .tid = 77, .comm = "sh" } };

		add(&stall, slice, &check);
	}
	feed_stall(output, stall);
}

static void feed_children(struct output *output)
{
	for (int nr = 2; nr <= 4; nr += 2) {
		struct stall_record stall = turn(CAUSE_CHILD, 400 * MS);
		struct frame at = check;

		at.line = (unsigned int)nr;
		for (int i = 0; i < nr; i++) {
			struct slice slice = { .cause = CAUSE_CHILD,
					       .syscall = strdup("vfork"),
					       .ns = 100 * MS,
					       .count = 1,
					       .target = { .kind = TARGET_CHILD,
							   .pid = 77 + i,
							   .comm = strdup("sh") } };

			add(&stall, slice, &at);
		}
		feed_stall(output, stall);
	}
}

static void children_are_named_or_counted(void **state)
{
	char *text = render(*state, NULL, feed_children);

	assert_non_null(
		strstr(text, "\n    vfork for children sh[77] and sh[78], 2 times, 200 ms\n"));
	assert_non_null(strstr(text, "\n    vfork for 4 children, 4 times, 400 ms\n"));
	free(text);
}

static void calls_for_one_object_are_listed(void **state)
{
	char *text = render(*state, NULL, feed_files);

	assert_non_null(strstr(text, "\n    fsync, openat and read /d/a.db, 6 times, 300 ms\n"));
	/* by the name that the child had for longest, and who woke is not said of what ended */
	assert_non_null(strstr(text, "\n    vfork and wait4 for child sh[77], 2 times, 391 ms\n"));
	free(text);
}

static void feed_awaited_child(struct output *output)
{
	struct stall_record stall = turn(CAUSE_CHILD, 400 * MS);
	struct slice slice = {
		.cause = CAUSE_CHILD,
		.syscall = strdup("wait4"),
		.ns = 400 * MS,
		.count = 1,
		.target = { .kind = TARGET_CHILD, .pid = 77, .comm = strdup("sh") },
	};
	struct culprit child = { .kind = CULPRIT_CHILD,
				 .pid = 77,
				 .tid = 77,
				 .comm = "sh",
				 .ns = 400 * MS,
				 .seen = true,
				 .cause = CAUSE_SLEEP };

	assert_int_equal(culprits_add(&slice.culprits, &child), 0);
	add(&stall, slice, &check);
	feed_stall(output, stall);
}

static const struct frame sends = PYTHON("sends", "/srv/app/dns.py", 30);
static const struct frame in_library = { .kind = FRAME_NATIVE,
					 .fn = "futex_wake",
					 .file = "futex-internal.h",
					 .line = 209,
					 .module = "/usr/lib/x86_64-linux-gnu/libc.so.6" };

static void feed_woken(struct output *output)
{
	const struct {
		enum cause cause;
		const char *syscall;
		pid_t waker;
		const struct frame *frame;
	} waits[] = {
		{ CAUSE_IPC, "msgrcv", 80, &sends },
		{ CAUSE_LOCK, "futex", 81, &in_library },
		{ CAUSE_FILE, "read", 82, &sends },
		{ CAUSE_POLL, "io_uring_enter", 83, NULL },
		{ CAUSE_SOCKET, "recvfrom", 4242, &sends },
		{ CAUSE_SOCKET, "recvmsg", 84, &sends },
		{ CAUSE_PIPE, "readv", 85, &sends },
		{ CAUSE_IPC, "semop", 86, NULL },
		{ CAUSE_FILE, "openat", 87, &sends },
		{ CAUSE_FILE, "open", 88, NULL },
		{ CAUSE_SOCKET, "accept", 89, &sends },
	};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct stall_record stall = turn(waits[i].cause, 400 * MS);
		struct slice slice = {
			.cause = waits[i].cause,
			.syscall = strdup(waits[i].syscall),
			.ns = 400 * MS,
			.count = 1,
			.waker = { .pid = waits[i].waker,
				   .tid = waits[i].waker + 1,
				   .comm = "other" },
		};
		struct frame at = check;

		at.line = (unsigned int)i + 1;
		if (waits[i].frame)
			slice.waker.stack = make_stack(waits[i].frame, 1);
		if (!strcmp(slice.syscall, "accept"))
			slice.target = (struct target){ .kind = TARGET_SOCKET,
							.proto = strdup("tcp"),
							.local = strdup("127.0.0.1:80") };
		else if (slice.cause == CAUSE_SOCKET)
			slice.target = (struct target){ .kind = TARGET_SOCKET,
							.proto = strdup("unix"),
							.peer_pid = 4242,
							.peer_comm = strdup("python3") };
		add(&stall, slice, &at);
		feed_stall(output, stall);
	}
}

/* Not who an interrupt hit: a thread of the kernel's, or whoever ran as the disk was ready. */
static void who_ended_the_wait_is_named(void **state)
{
	char *text = render(*state, NULL, feed_woken);

	assert_non_null(
		strstr(text, "\n    msgrcv, woken by other[80/81] in sends (app/dns.py:30)\n"));
	/* not how its library did that */
	assert_non_null(strstr(text, "\n    futex, woken by other[81/82]\n"));
	assert_non_null(strstr(text, "\n    read\n"));
	assert_non_null(strstr(text, "\n    io_uring_enter\n"));
	assert_non_null(strstr(text,
			       "\n    recvfrom unix (python3[4242]), woken by other[4242/4243] "
			       "in sends (app/dns.py:30)\n"));
	assert_non_null(strstr(text, "\n    recvmsg unix (python3[4242])\n"));
	/* whose the other end is, is not known */
	assert_non_null(
		strstr(text, "\n    readv, woken by other[85/86] in sends (app/dns.py:30)\n"));
	assert_non_null(strstr(text, "\n    semop, woken by other[86/87]\n"));
	/* a FIFO, or a file with a lease */
	assert_non_null(
		strstr(text, "\n    openat, woken by other[87/88] in sends (app/dns.py:30)\n"));
	assert_non_null(strstr(text, "\n    open\n"));
	assert_non_null(strstr(text, "\n    accept 127.0.0.1:80, woken by other[89/90] in sends "
				     "(app/dns.py:30)\n"));
	free(text);
}

static void whoever_has_a_sentence_is_named_there_only(void **state)
{
	char *text = render(*state, NULL, feed_awaited_child);

	assert_non_null(strstr(text, "\n    wait4, for child sh[77], which slept\n"));
	free(text);
}

static void feed_crowded(struct output *output)
{
	struct stall_record stall = turn(CAUSE_RUNQUEUE, 900 * MS);
	struct slice waited = { .cause = CAUSE_RUNQUEUE, .ns = 700 * MS, .count = 30 };
	struct slice ran = { .cause = CAUSE_CPU, .ns = 200 * MS, .count = 20 };
	struct culprit runners[] = {
		{ .kind = CULPRIT_RUNNER, .pid = 31, .comm = "cc1", .ns = 90 },
		{ .kind = CULPRIT_RUNNER, .pid = 32, .comm = "make", .ns = 8 },
		{ .kind = CULPRIT_RUNNER, .pid = 33, .comm = "sh", .ns = 2 },
	};

	for (size_t i = 0; i < NR(runners); i++)
		assert_int_equal(culprits_add(&waited.culprits, &runners[i]), 0);
	assert_int_equal(slices_add(&stall.slices, &waited), 0);
	ran.task_name = strdup("job");
	add(&stall, ran, &check);
	stall.ledger = (struct ledger){ .cpu_ns = 200 * MS, .runqueue_ns = 700 * MS };
	feed_stall(output, stall);
}

static void feed_imports(struct output *output)
{
	static const char *const files[] = {
		"/usr/lib/python3/dist-packages/sqlalchemy/orm/__init__.py",
		"/usr/lib/python3.11/json/decoder.py"
	};
	struct stall_record stall = turn(CAUSE_CPU, 300 * MS);

	for (size_t i = 0; i < NR(files); i++) {
		const struct frame frames[] = {
			PYTHON("compile", "/usr/lib/python3.11/re.py", 1),
			PYTHON("<module>", "/usr/lib/python3/dist-packages/sqlalchemy/util.py", 7),
			PYTHON("exec_module", "<frozen importlib._bootstrap_external>", 883),
			PYTHON("<module>", files[i], 2),
			PYTHON("_find_and_load", "<frozen importlib._bootstrap>", 1007),
			PYTHON("load", "/srv/app/late.py", 12),
			PYTHON("<module>", "/srv/app/main.py", 3),
		};
		struct slice slice = { .cause = CAUSE_CPU, .ns = 150 * MS, .count = 10 };

		slice.stack = make_stack(frames, NR(frames));
		assert_int_equal(slices_add(&stall.slices, &slice), 0);
	}
	stall.ledger = (struct ledger){ .cpu_ns = 300 * MS };
	feed_stall(output, stall);
}

/* By the module that the program's own line imports, not by those that this one does. */
static void what_is_imported_is_named(void **state)
{
	char *text = render(*state, NULL, feed_imports);

	assert_non_null(strstr(text, "300 ms in load (app/late.py:12): cpu\n"
				     "    import of json.decoder and sqlalchemy.orm\n"));
	free(text);
}

static void feed_kernel(struct output *output)
{
	static const struct frame wait = KERNEL("futex_do_wait");
	struct stall_record stall = turn(CAUSE_LOCK, 400 * MS);
	struct slice slice = {
		.cause = CAUSE_LOCK, .syscall = strdup("futex"), .ns = 400 * MS, .count = 1
	};

	add(&stall, slice, &wait);
	feed_stall(output, stall);
}

static void the_kernel_is_no_place(void **state)
{
	char *text = render(*state, NULL, feed_kernel);

	assert_non_null(strstr(text, "400 ms: lock\n    futex\n"));
	free(text);
}

/* Time for which there is no stack: of the place where the thread mostly was. */
static void waiting_for_a_cpu_has_a_place(void **state)
{
	char *text = render(*state, NULL, feed_crowded);

	assert_non_null(strstr(text,
			       "900 ms in check (app/dns.py:9): runqueue\n"
			       "    700 ms, meanwhile ran cc1[31] 90%, make[32] 8% and 1 more\n"
			       "    python3[4242] asyncio, task job\n"
			       "    and 200 ms there: cpu\n"
			       "    runqueue 700 ms, cpu 200 ms\n"));
	/* and in the summary */
	assert_non_null(
		strstr(text, "     900 ms  check (app/dns.py:9)  runqueue 700 ms; cpu 200 ms"));
	free(text);
}

/* The last call of a thread at a place, by number. */
static void feed_call(struct output *output, int i, uint64_t ns, const struct frame *frame)
{
	struct stall_record stall = turn(CAUSE_SOCKET, ns);
	struct slice slice = { .cause = CAUSE_SOCKET,
			       .syscall = strdup("connect"),
			       .ns = ns,
			       .count = 1,
			       .target = { .kind = TARGET_SOCKET,
					   .proto = strdup("tcp"),
					   .peer = numbered("10.0.0.%d:80", i) } };

	stall.id.tid += i;
	add(&stall, slice, frame);
	if (ns < 100 * MS) {
		struct blocked_record blocked = { AT(2), .id = stall.id, .slices = stall.slices };

		output_blocked(output, &blocked);
		slices_free(&stall.slices);
	} else {
		feed_stall(output, stall);
	}
}

/* The peer of the first call, which was not known then. */
static void feed_known_peer(struct output *output)
{
	struct stall_record stall = turn(CAUSE_SOCKET, 100 * MS);
	struct slice slice = { .cause = CAUSE_SOCKET,
			       .syscall = strdup("connect"),
			       .ns = 100 * MS,
			       .count = 1,
			       .target = { .kind = TARGET_SOCKET,
					   .proto = strdup("tcp"),
					   .peer = strdup("10.0.0.0:80"),
					   .peer_pid = 9,
					   .peer_comm = strdup("web") } };

	add(&stall, slice, &check);
	feed_stall(output, stall);
}

static void feed_calls(struct output *output)
{
	static const struct frame other = PYTHON("other", "/srv/app/dns.py", 3);
	static const struct frame rare = PYTHON("rare", "/srv/app/dns.py", 4);
	struct stall_record slept = sleep_stall(false, 200 * MS);

	stack_put(slept.slices.v[0].stack);
	slept.slices.v[0].stack = make_stack(&check, 1);
	for (int i = 0; i < 5; i++)
		feed_call(output, i, 100 * MS, &check);
	feed_known_peer(output);
	feed_stall(output, slept);
	feed_call(output, 0, 40 * MS, &other);
	/* less than a hundredth, and than 5 ms */
	feed_call(output, 0, 4 * MS, &rare);
}

static void rows_are_merged_by_place(void **state)
{
	const struct output_options verbose = { .unfold = true };
	char *text = render(*state, NULL, feed_calls);

	assert_non_null(strstr(
		text,
		"  where the time went, 2 largest of 3 (-v shows all)\n"
		"     800 ms  check (app/dns.py:9)  socket 600 ms connect 10.0.0.0:80 (web[9]), "
		"connect 10.0.0.1:80, connect 10.0.0.2:80 and 2 more; sleep 200 ms "
		"clock_nanosleep  5 threads\n"
		"      40 ms  other (app/dns.py:3)  socket connect 10.0.0.0:80  python3[4242]\n"));
	assert_null(strstr(text, "rare"));
	free(text);
	text = render(*state, &verbose, feed_calls);
	assert_non_null(strstr(text, "       4 ms  rare (app/dns.py:4)"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lookups_are_counted_and_named),
		TEST(few_tasks_have_their_shares),
		TEST(calls_for_one_object_are_listed),
		TEST(children_are_named_or_counted),
		TEST(who_ended_the_wait_is_named),
		TEST(whoever_has_a_sentence_is_named_there_only),
		TEST(what_is_imported_is_named),
		TEST(the_kernel_is_no_place),
		TEST(waiting_for_a_cpu_has_a_place),
		TEST(rows_are_merged_by_place),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
