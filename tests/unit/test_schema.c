// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scripts/blockprof.schema.json, of which blockprof-json(5) is made, against what
 * the code can write: the same words, and the same keys, each of them written once.
 */
#include "records.h"

#include <jansson.h>

#include "model/dump.h"
#include "model/loss.h"
#include "recording/recording.h"

#define SCHEMA "scripts/blockprof.schema.json"

static json_t *load_schema(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SCHEMA, 0, &error);

	if (!schema)
		fail_msg("%s:%d: %s", SCHEMA, error.line, error.text);
	return schema;
}

static json_t *definition(json_t *schema, const char *name)
{
	json_t *found = json_object_get(json_object_get(schema, "$defs"), name);

	if (!found)
		fail_msg("no definition of %s", name);
	return found;
}

static json_t *follow(json_t *schema, json_t *node)
{
	const char *ref;

	while ((ref = json_string_value(json_object_get(node, "$ref"))))
		node = definition(schema, strrchr(ref, '/') + 1);
	return node;
}

static json_t *property(json_t *schema, json_t *node, const char *key)
{
	return follow(schema,
		      json_object_get(json_object_get(follow(schema, node), "properties"), key));
}

/* -- words -- */

/* Adds the words that a value may be to an array; of an object with several kinds those of its key. */
static void add_words(json_t *schema, json_t *node, const char *key, json_t *words)
{
	json_t *branch, *value = key ? property(schema, node, key) : follow(schema, node);
	size_t i;

	json_array_foreach (json_object_get(follow(schema, node), "oneOf"), i, branch)
		add_words(schema, branch, key, words);
	if (json_object_get(value, "const"))
		json_array_append(words, json_object_get(value, "const"));
	json_array_extend(words, json_object_get(value, "enum"));
}

/* In the same order as in the code. */
#define ASSERT_WORDS(schema, node, key, name, first, nr)                                           \
	do {                                                                                       \
		json_t *words = json_array();                                                      \
                                                                                                   \
		add_words((schema), (node), (key), words);                                         \
		assert_int_equal(json_array_size(words), (nr) - (first));                          \
		for (unsigned int i = (first); i < (unsigned int)(nr); i++)                        \
			assert_string_equal(json_string_value(json_array_get(words, i - (first))), \
					    name(i));                                              \
		json_decref(words);                                                                \
	} while (0)

static void words_are_those_of_the_code(void **state)
{
	json_t *schema = load_schema();

	(void)state;
	ASSERT_WORDS(schema, definition(schema, "cause"), NULL, cause_name, 0, CAUSE_NR);
	ASSERT_WORDS(schema, definition(schema, "frame"), "kind", frame_kind_name, 0,
		     FRAME_KIND_NR);
	ASSERT_WORDS(schema, definition(schema, "target"), "kind", target_kind_name, 1,
		     TARGET_KIND_NR);
	ASSERT_WORDS(schema, definition(schema, "culprit"), "kind", culprit_kind_name, 0,
		     CULPRIT_KIND_NR);
	ASSERT_WORDS(schema, definition(schema, "culprit"), "doubt", culprit_doubt_name, 1,
		     CULPRIT_DOUBT_NR);
	ASSERT_WORDS(schema, definition(schema, "note"), "note", note_kind_name, 0, NOTE_KIND_NR);
	ASSERT_WORDS(schema, definition(schema, "withdrawn"), "reason", discard_name, 0,
		     DISCARD_NR);
	ASSERT_WORDS(schema, definition(schema, "doubt"), NULL, doubt_name, DOUBT_NONE + 1,
		     DOUBT_NR);
	ASSERT_WORDS(schema, definition(schema, "way"), NULL, way_name, WAY_NONE + 1, WAY_NR);
	ASSERT_WORDS(schema, definition(schema, "thread"), "state", thread_state_name, 0,
		     THREAD_STATE_NR);
	ASSERT_WORDS(schema, definition(schema, "diff_change"), NULL, diff_change_name, 0,
		     DIFF_CHANGE_NR);
	ASSERT_WORDS(schema, definition(schema, "task"), "state", task_state_name, 0,
		     TASK_STATE_NR);
	json_decref(schema);
}

static void number_is_that_of_the_code(void **state)
{
	json_t *schema = load_schema();
	json_t *number = property(schema, definition(schema, "start"), "schema");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(number, "const")), RECORDING_SCHEMA);
	json_decref(schema);
}

/* -- keys -- */

static bool may_be(json_t *described, json_t *value)
{
	json_t *words = json_object_get(described, "enum");
	json_t *only = json_object_get(described, "const"), *word;
	size_t i;

	if (only)
		return json_equal(only, value);
	json_array_foreach (words, i, word)
		if (json_equal(word, value))
			return true;
	return !words;
}

/* Is the value of this kind, by the words that tell kinds apart? */
static bool is_kind(json_t *schema, json_t *node, json_t *value)
{
	json_t *branches, *branch, *item;
	const char *key;
	size_t i;

	node = follow(schema, node);
	branches = json_object_get(node, "oneOf");
	json_array_foreach (branches, i, branch)
		if (is_kind(schema, branch, value))
			return true;
	if (branches)
		return false;
	json_object_foreach (value, key, item)
		if (!may_be(property(schema, node, key), item))
			return false;
	return true;
}

/* Marks each key of the value where it is described. */
static void mark(json_t *schema, json_t *node, json_t *value)
{
	json_t *branch, *item;
	const char *key;
	size_t i;

	node = follow(schema, node);
	json_array_foreach (json_object_get(node, "oneOf"), i, branch) {
		if (!is_kind(schema, branch, value))
			continue;
		mark(schema, branch, value);
		return;
	}
	json_object_foreach (value, key, item) {
		json_t *described = json_object_get(json_object_get(node, "properties"), key);

		/* the keys are names of the user's */
		if (!described)
			described = json_object_get(node, "additionalProperties");
		if (!described)
			fail_msg("%s is not described", key);
		json_object_set_new(described, "written", json_true());
		mark(schema, described, item);
	}
	json_array_foreach (value, i, item)
		mark(schema, json_object_get(node, "items"), item);
}

static unsigned int count_unmarked(json_t *node, const char *name)
{
	json_t *item, *properties = json_object_get(node, "properties");
	unsigned int unmarked = 0;
	const char *key;
	size_t i;

	json_object_foreach (properties, key, item) {
		if (json_object_get(item, "written"))
			continue;
		print_error("%s of %s is never written\n", key, name);
		unmarked++;
	}
	json_object_foreach (node, key, item)
		unmarked += count_unmarked(item, key);
	json_array_foreach (node, i, item)
		unmarked += count_unmarked(item, name);
	return unmarked;
}

static struct stack *full_stack(void)
{
	static const struct frame frames[] = {
		KERNEL("hrtimer_nanosleep"),
		{ .kind = FRAME_NATIVE,
		  .fn = "nap",
		  .file = "nap.c",
		  .line = 3,
		  .module = "/app/nap",
		  .build_id = "c0ffee",
		  .offset = 0x1234,
		  .inlined = true,
		  .by_frame_pointer = true },
	};
	struct stack *stack = stack_new(frames, NR(frames), true);

	assert_non_null(stack);
	return stack;
}

/* What counts of it follows from its kind. */
static struct target full_target(enum target_kind kind)
{
	bool socket = kind == TARGET_SOCKET, ends = socket || kind == TARGET_PIPE;
	bool named = kind == TARGET_DNS || kind == TARGET_DEVICE || kind == TARGET_LOCK;
	bool child = kind == TARGET_CHILD;

	return (struct target){
		.kind = kind,
		.path = kind == TARGET_FILE ? strdup("/a") : NULL,
		.proto = socket ? strdup("tcp") : NULL,
		.local = socket ? strdup("127.0.0.1:1") : NULL,
		.peer = socket ? strdup("127.0.0.1:2") : NULL,
		.peer_pid = ends ? 7 : 0,
		.peer_comm = ends ? strdup("peer") : NULL,
		.addr = kind == TARGET_FUTEX ? 8 : 0,
		.pid = child ? 9 : 0,
		.comm = child ? strdup("child") : NULL,
		.name = named ? strdup("name") : NULL,
		.server = kind == TARGET_DNS ? strdup("127.0.0.1:53") : NULL,
	};
}

static void add_culprit(struct culprits *culprits, struct culprit culprit)
{
	assert_int_equal(culprits_add(culprits, &culprit), 0);
}

static struct intervals full_intervals(void)
{
	struct intervals intervals = { 0 };

	intervals_add(&intervals, (struct interval){ 2000 * S, S }, 0);
	return intervals;
}

static struct slice full_slice(enum target_kind kind)
{
	struct slice slice = {
		.cause = CAUSE_SOCKET,
		.syscall = strdup("recvfrom"),
		.ns = S,
		.count = 2,
		.max_ns = S,
		.timed_out = true,
		.target = full_target(kind),
		.waker = { .pid = 1, .tid = 2, .comm = "waker", .stack = full_stack() },
		.holder = { .pid = 1,
			    .tid = 3,
			    .comm = "holder",
			    .collects = true,
			    .stack = full_stack() },
		.task_name = strdup("Task-1"),
		.task_coro = strdup("fetch"),
		.stack = full_stack(),
		.intervals = full_intervals(),
	};
	struct culprit peer = {
		.kind = CULPRIT_PEER,
		.pid = 7,
		.tid = 8,
		.comm = "peer",
		.name = strdup("org.example.Clock"),
		.doubt = CULPRIT_ONE_OF_SEVERAL,
		.ns = S,
		.seen = true,
		.cycle = true,
		.cause = CAUSE_FILE,
		.syscall = strdup("fsync"),
		.target = full_target(TARGET_FILE),
		.stack = full_stack(),
	};

	add_culprit(&peer.culprits, (struct culprit){ .kind = CULPRIT_OWNER, .pid = 9 });
	add_culprit(&slice.culprits, peer);
	add_culprit(&slice.culprits,
		    (struct culprit){ .kind = CULPRIT_SERVER, .name = strdup("10.0.0.7") });
	add_culprit(&slice.culprits, (struct culprit){ .kind = CULPRIT_CGROUP,
						       .cgroup = strdup("/a"),
						       .quota_ns = MS,
						       .period_ns = S });
	return slice;
}

static void feed_full_starts(struct output *output)
{
	static const pid_t pids[] = { 4242 };
	static const struct name_value features[] = {
		{ "scheduler", "tp_btf" },
		{ "waits", "fexit" },
		{ "waits_attached", "always" },
		{ "cpu_samples", "none" },
		{ "user_stacks", "copies, else frame pointers" },
	};
	static const struct name_value only[] = { { "comm", "^a" },
						  { "unit", "b" },
						  { "cgroup", "/c" } };
	struct start_record start = {
		AT(0),	       .version = "1.0",	 .host = "host",
		.kernel = "6", .threshold_ns = 100 * MS, .pids = pids,
		.nr_pids = 1,  .features = features,	 .nr_features = NR(features),
		.boot_ns = S,  .zone = { true, -3600 },
	};

	output_start(output, &start);
	start.nr_pids = 0;
	start.only = only;
	start.nr_only = NR(only);
	output_start(output, &start);
}

static void feed_full_second(struct output *output)
{
	struct name_count lost = { loss_name(LOSS_STACKS_CUT), 1 };
	struct second_record second = {
		AT(3),		 .id = thread_main(), .turns = 1,
		.longest_ns = S, .buckets = { 1 },    .delayed_events = 1,
		.lost = &lost,	 .nr_lost = 1,
	};

	for (int cause = 0; cause < CAUSE_NR; cause++)
		second.by_cause_ns[cause] = 1;
	output_second(output, &second);
}

static void feed_full_slices(struct output *output)
{
	struct stall_record stall = {
		AT(1), .turn = "4242-1", .id = thread_main(), .duration_ns = S, .delayed_events = 1,
	};
	struct blocked_record blocked = { AT(2), .id = thread_main() };

	for (int kind = TARGET_NONE + 1; kind < TARGET_KIND_NR; kind++) {
		struct slice slice = full_slice((enum target_kind)kind);

		assert_int_equal(slices_add(&stall.slices, &slice), 0);
	}
	stall.slices.cut = 1;
	blocked.slices = stall.slices;
	output_stall(output, &stall);
	stall.at_end = true;
	stall.impact = nine_clients();
	stall.impact.tasks_ready = 2;
	stall.nested_ns = S;
	stall.advice = "a thread";
	stall.doubt = DOUBT_HABIT;
	output_stall(output, &stall);
	output_blocked(output, &blocked);
	feed_full_second(output);
	slices_free(&stall.slices);
}

static void feed_full_withdrawn(struct output *output)
{
	struct withdrawn_record withdrawn = { AT(2), .turn = "4242-1", .id = thread_main(),
					      .reason = "left" };

	output_withdrawn(output, &withdrawn);
}

static void feed_full_notes(struct output *output)
{
	for (int kind = 0; kind < NOTE_KIND_NR; kind++) {
		struct note_record note = {
			AT(3),
			.kind = (enum note_kind)kind,
			.pid = 4242,
			.comm = "python3",
			.duration_ns = S,
			.workers = 3,
			.waiting = 2,
			.pool = "libuv",
			.calls = { { "fetch", "/app/a.py", 3, "a.example", 3 } },
			.nr_calls = kind == NOTE_POOL_BUSY ? 1 : 0,
			.from = 50,
			.to = 100,
		};

		output_note(output, &note);
	}
}

/* Every loss from first up to last. */
static size_t losses(enum loss first, enum loss last, struct name_count *counts)
{
	size_t nr = 0;

	for (int loss = first; loss <= (int)last; loss++)
		counts[nr++] = (struct name_count){ loss_name((enum loss)loss), 1 };
	return nr;
}

static void feed_full_summary(struct output *output)
{
	struct loop_summary loop = { .id = thread_main(), .turns = 1, .doubtful = 1 };
	const struct name_count ignored = { "fn:do_io", 1 };
	struct discard_count discarded[DISCARD_ENGINE_NR];
	struct name_count blind[BLIND_NR];
	struct name_count lost[LOSS_NR];
	struct summary_record summary = {
		AT(4),
		.loops = &loop,
		.nr_loops = 1,
		.lost = lost,
		.discarded = discarded,
		.nr_discarded = DISCARD_ENGINE_NR,
		.ignored = &ignored,
		.nr_ignored = 1,
		.blind = blind,
		.nr_blind = BLIND_NR,
		.unmatched = 1,
		.switches_unseen = 1,
	};

	for (int reason = 0; reason < DISCARD_ENGINE_NR; reason++)
		discarded[reason] =
			(struct discard_count){ discard_name((enum discard)reason), 1, S };
	for (int i = 0; i < BLIND_NR; i++)
		blind[i] = (struct name_count){ blind_name((enum blind)i), 1 };
	summary.nr_lost = losses(0, LOSS_HANDLERS_DROPPED, lost);
	output_summary(output, &summary);
}

static void feed_full_dump(struct output *output)
{
	struct dump_thread thread = {
		.way = WAY_WORD,
		.doubt = DOUBT_GUEST,
		.against = "nothing",
		.id = thread_main(),
		.since_known = true,
		.moved = true,
		.slice = full_slice(TARGET_FILE),
	};
	struct dump_task task = {
		.name = (char *)"Task-1",
		.tid = 4242,
		.chain = full_stack(),
		.awaits = "sleep",
		.awaits_name = (char *)"Task-2",
		.awaits_type = (char *)"Future",
		.sleep_ns = S,
	};
	struct dump_record dump = {
		AT(5),
		.pid = 4242,
		.comm = "python3",
		.exe = (char *)"/usr/bin/python3",
		.interpreter = (char *)"CPython 3.11.2",
		.threads = &thread,
		.nr_threads = 1,
		.tasks = &task,
		.nr_tasks = 1,
	};

	thread.id.loop = 0; /* nobody follows it */
	dump.nr_lost = losses(LOSS_HANDLERS_DROPPED + 1, LOSS_NR - 1, dump.lost);
	for (int i = 0; i < BLIND_NR; i++)
		dump.blind[i] = true;
	output_dump(output, &dump);
	dump.unread = "they change too fast";
	output_dump(output, &dump);
	slice_clear(&thread.slice);
	stack_put(task.chain);
}

static void feed_full_diff(struct output *output)
{
	const struct diff_side side = {
		.hosts = "web1",
		.threshold_ns = S,
		.loop_ns = S,
		.p50_ns = MS,
		.p99_ns = MS,
		.has_seconds = true,
		.buckets = { 1 },
	};
	const struct diff_place place = {
		.change = DIFF_GONE, .chance = true, .fn = "do_io", .file = "bad.py"
	};
	const struct diff_record diff = {
		AT(6),
		.before = side,
		.after = side,
		.places = &place,
		.nr_places = 1,
		.causes = { { .chance = true, .before_ns = 1 } },
		.nr_causes = 1,
		.percentiles = { { .percent = 50 } },
		.nr_percentiles = 1,
	};

	output_diff(output, &diff);
}

/* What is written is described, and what is described is written. */
static void keys_are_those_of_the_code(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	json_t *schema = load_schema();
	char *text, *rest, *line;

	feed_full_starts(output);
	feed_loop(output);
	feed_full_slices(output);
	feed_full_withdrawn(output);
	feed_exit(output);
	feed_full_notes(output);
	feed_full_summary(output);
	feed_full_dump(output);
	feed_full_diff(output);
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *record = json_loads(line, 0, NULL);

		assert_non_null(record);
		mark(schema, schema, record);
		json_decref(record);
	}
	free(text);
	assert_int_equal(count_unmarked(schema, "a record"), 0);
	json_decref(schema);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_those_of_the_code),
		cmocka_unit_test(number_is_that_of_the_code),
		TEST(keys_are_those_of_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
