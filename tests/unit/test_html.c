// SPDX-License-Identifier: GPL-2.0-or-later
/* html: its data, what is left out of it and said so, sums that stay, hostile names, a comparison. */
#include "records.h"

#include <jansson.h>

#include "output/html_kept.h"
#include "output/html_loops.h"
#include "output/html_out.h"

#define DATA "<script type=\"application/json\" id=\"data\">"

static char *html(struct temp *temp, const struct output_options *options,
		  void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.html");
	struct output *output = open_output("html", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

static json_t *data_of(const char *text)
{
	const char *begin = strstr(text, DATA), *end;
	json_t *data;

	assert_non_null(begin);
	begin += strlen(DATA);
	end = strstr(begin, "</script>");
	assert_non_null(end);
	data = json_loadb(begin, (size_t)(end - begin), 0, NULL);
	assert_non_null(data);
	return data;
}

static json_t *data(struct temp *temp, const struct output_options *options,
		    void (*feed)(struct output *output))
{
	char *text = html(temp, options, feed);
	json_t *value = data_of(text);

	free(text);
	return value;
}

static json_t *at(const json_t *data, const char *key, size_t i)
{
	json_t *value = json_array_get(json_object_get(data, key), i);

	assert_non_null(value);
	return value;
}

static json_int_t number_at(const json_t *row, size_t i)
{
	json_t *value = json_array_get(row, i);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* The string whose number is there. */
static const char *string_at(const json_t *data, const json_t *row, size_t i)
{
	const char *text = json_string_value(at(data, "strings", (size_t)number_at(row, i)));

	assert_non_null(text);
	return text;
}

static json_int_t integer_of(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* The columns of a stall and of a slice, as unpack.js has them. */
enum { S_LOOP, S_TURN, S_AT, S_NS, S_CAUSE, S_PLACE, S_TARGET, S_TASKS, S_CULPRIT, S_FLAGS };
enum { S_DOUBT = 10, S_ADVICE, S_IMPACT, S_LEDGER, S_SLICES, S_VERDICT, S_LINES };
enum { P_CAUSE, P_SYSCALL, P_NS, P_COUNT, P_MAX, P_TARGET, P_TASK, P_STACK, P_CHAIN, P_INTERVALS };

static void test_stall(void **state)
{
	json_t *page = data(*state, NULL, feed_all), *stall = at(page, "stalls", 0), *slice, *stack;

	assert_int_equal(json_array_size(json_object_get(page, "stalls")), 3);
	assert_string_equal(json_string_value(json_array_get(stall, S_TURN)), "4242-17");
	assert_int_equal(number_at(stall, S_AT), S);
	assert_int_equal(number_at(stall, S_NS), 352 * MS);
	assert_int_equal(number_at(stall, S_CAUSE), CAUSE_SOCKET);
	assert_string_equal(string_at(page, stall, S_PLACE), "execute (app/db.py:41)");
	assert_string_equal(string_at(page, stall, S_TARGET), "127.0.0.1:5432");
	assert_string_equal(string_at(page, json_array_get(stall, S_TASKS), 0), "rates-3");
	assert_string_equal(string_at(page, stall, S_CULPRIT), "postgres[812]");
	assert_int_equal(number_at(json_array_get(stall, S_LEDGER), 3), 340 * MS);
	slice = json_array_get(json_array_get(stall, S_SLICES), 0);
	assert_int_equal(number_at(stall, S_VERDICT), 0);
	assert_int_equal(number_at(slice, P_NS), 340 * MS);
	assert_string_equal(string_at(page, slice, P_SYSCALL), "recvfrom");
	stack = at(page, "stacks", (size_t)number_at(slice, P_STACK));
	/* innermost first, without what only leads from one Python frame to the next */
	assert_string_equal(string_at(page, at(page, "frames", (size_t)number_at(stack, 0)), 0),
			    "tcp_recvmsg");
	/* the time, which is the stall's own, is not in its first line */
	assert_string_equal(string_at(page, json_array_get(stall, S_LINES), 0),
			    "  352 ms in execute (app/db.py:41): socket");
	json_decref(page);
}

/* The last report of a stall counts, and where it was in its turn is given in microseconds. */
static void test_intervals(void **state)
{
	json_t *page = data(*state, NULL, feed_all), *stall = at(page, "stalls", 1), *intervals;

	assert_int_equal(number_at(stall, S_NS), 5000 * MS);
	intervals = json_array_get(json_array_get(json_array_get(stall, S_SLICES), 0), P_INTERVALS);
	assert_int_equal(json_array_size(intervals), 2);
	assert_int_equal(number_at(intervals, 0), 0);
	assert_int_equal(number_at(intervals, 1), 5000000);
	json_decref(page);
}

static void test_loop_and_recording(void **state)
{
	json_t *page = data(*state, NULL, feed_all), *loop = at(page, "loops", 0), *recording;

	assert_string_equal(json_string_value(json_object_get(loop, "name")),
			    "python3[4242] asyncio");
	assert_string_equal(json_string_value(json_object_get(loop, "unit")), "web.service");
	assert_int_equal(integer_of(loop, "turns"), 1203);
	assert_int_equal(integer_of(loop, "p99_ns"), 352 * MS);
	assert_int_equal(integer_of(loop, "stalls"), 2);
	recording = at(page, "recordings", 0);
	assert_int_equal(integer_of(recording, "threshold_ns"), 100 * MS);
	assert_int_equal(integer_of(recording, "end_ns"), 24 * S);
	assert_string_equal(json_string_value(json_object_get(recording, "scope")),
			    "processes 4242, 4243");
	assert_int_equal(number_at(at(recording, "lost", 0), 1), 3);
	assert_int_equal(number_at(at(recording, "discarded", 0), 2), 301 * MS);
	json_decref(page);
}

/* Time on a CPU is lost in stalls only. */
static void feed_blocked_and_busy(struct output *output)
{
	struct stall_record stall = sleep_stall(false, 77 * MS);
	struct slice busy = { .cause = CAUSE_CPU, .ns = 99 * MS, .count = 1, .max_ns = 99 * MS };
	struct blocked_record blocked = { AT(22), .id = thread_main() };

	assert_int_equal(slices_add(&stall.slices, &busy), 0);
	slices_sort(&stall.slices);
	blocked.slices = stall.slices;
	feed_start(output);
	output_blocked(output, &blocked);
	slices_free(&stall.slices);
}

static void test_blocked(void **state)
{
	const struct output_options options = { .stalls_only = true };
	json_t *page = data(*state, NULL, feed_blocked_and_busy), *blocked = at(page, "blocked", 0);

	assert_int_equal(number_at(blocked, 1), 22 * S);
	assert_int_equal(json_array_size(json_array_get(blocked, 2)), 1);
	assert_int_equal(number_at(json_array_get(json_array_get(blocked, 2), 0), P_NS), 77 * MS);
	json_decref(page);
	page = data(*state, &options, feed_blocked_and_busy);
	assert_int_equal(json_array_size(json_object_get(page, "blocked")), 0);
	json_decref(page);
}

/* -- what is hostile -- */

static void feed_markup(struct output *output)
{
	const struct frame frame =
		PYTHON("</script><script>alert(1)</script>", "<!--\xe2\x80\xa8\xe2\x80\xae", 1);
	struct stall_record stall = sleep_stall(false, 200 * MS);

	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = make_stack(&frame, 1);
	free(stall.slices.v[0].task_name);
	stall.slices.v[0].task_name = strdup("\"><img src=x onerror=alert(1)>'&");
	memcpy(stall.id.comm, "<b>&amp;\"'", 11);
	stall.id.runtime = (char *)"</style>";
	stall.advice = "</title>";
	feed_stall(output, stall);
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int nr = 0;

	while ((text = strcasestr(text, part))) {
		text += strlen(part);
		nr++;
	}
	return nr;
}

static void feed_nothing(struct output *output)
{
	(void)output;
}

/* A page has the elements that an empty one has, and those of its table. */
static void test_markup(void **state)
{
	char *empty = html(*state, NULL, feed_nothing), *page = html(*state, NULL, feed_markup);
	static const char *const marks[] = { "<script", "</script",	"<!--",
					     "<b>",	"<img ",	"</style",
					     "</title", "\xe2\x80\xa8", "\xe2\x80\xae" };

	for (size_t i = 0; i < NR(marks); i++)
		assert_int_equal(count(page, marks[i]), count(empty, marks[i]));
	assert_non_null(strstr(page, "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
	free(empty);
	free(page);
}

static void check_text(const json_t *text)
{
	char *escaped = escape_text(json_string_value(text));

	assert_string_equal(json_string_value(text), escaped);
	free(escaped);
}

/* Nothing turns the direction of writing, and nothing is longer than a line. */
static void check_harmless(const json_t *value)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(value)) {
		check_text(value);
		assert_true(text_width(json_string_value(value)) <= 400);
	}
	json_array_foreach (value, i, child)
		check_harmless(child);
	json_object_foreach ((json_t *)value, key, child)
		check_harmless(child);
}

static void feed_large_names(struct output *output)
{
	struct stall_record stall = sleep_stall(false, 200 * MS);
	char *name = malloc(1u << 20);

	assert_non_null(name);
	memset(name, '<', (1u << 20) - 1);
	name[(1u << 20) - 1] = '\0';
	free(stall.slices.v[0].task_name);
	stall.slices.v[0].task_name = name;
	stall.slices.v[0].target = (struct target){ .kind = TARGET_FILE, .path = strdup(name) };
	stall.advice = name;
	stall.id.runtime = name;
	feed_all(output);
	feed_stall(output, stall);
}

static void test_hostile(void **state)
{
	char *text = html(*state, NULL, feed_large_names);
	json_t *page = data_of(text);

	assert_true(strlen(text) < 400000);
	check_harmless(page);
	json_decref(page);
	free(text);
}

static void test_json_string(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	html_put_json(out, "a\"\\\n<\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa&>");
	fclose(out);
	assert_string_equal(text,
			    "\"a\\\"\\\\\\u000a\\u003c\\u2028\\u2029\xe2\x80\xaa\\u0026\\u003e\"");
	free(text);
}

/* -- bounds -- */

struct left_out {
	size_t nr;
	uint64_t ns;
};

static void count_left_out(void *context, uint32_t loop, uint64_t ns)
{
	struct left_out *left_out = context;

	assert_int_equal(loop, 3);
	left_out->nr++;
	left_out->ns += ns;
}

static void keep(struct html_kept *kept, struct html_stacks *stacks, uint64_t ns)
{
	struct stall_record stall = sleep_stall(false, ns);

	stall.time_ns += 1000 * S - ns;
	assert_int_equal(html_kept_add(kept, stacks, &stall, 3), 0);
	slices_free(&stall.slices);
}

/* The longest, in whatever order they come; what is left out is counted. */
static void test_kept(void **state)
{
	static const uint64_t ms[] = { 500, 100, 900, 300, 700, 200, 800, 400, 600 };
	struct left_out left_out = { 0 };
	struct html_stacks *stacks;
	struct html_kept *kept;
	uint64_t sum = 0;

	(void)state;
	assert_int_equal(html_stacks_new(&stacks), 0);
	assert_int_equal(html_kept_new(&kept, 4, count_left_out, &left_out), 0);
	for (size_t i = 0; i < NR(ms); i++)
		keep(kept, stacks, ms[i] * MS);
	assert_int_equal(html_kept_nr(kept), 4);
	html_kept_sort(kept);
	for (size_t i = 0; i < 4; i++) {
		const struct html_stall *stall = html_kept_at(kept, i);

		assert_int_equal(stall->stall.duration_ns, (900 - 100 * i) * MS);
		/* equal stacks are one */
		assert_ptr_equal(stall->stall.slices.v[0].stack,
				 html_kept_at(kept, 0)->stall.slices.v[0].stack);
		sum += stall->stall.duration_ns;
	}
	assert_int_equal(left_out.nr, 5);
	assert_int_equal(left_out.ns + sum, 4500 * MS);
	html_kept_free(kept);
	html_stacks_free(stacks);
}

/* What tasks and targets are called counts, too. */
static void test_kept_bytes(void **state)
{
	struct left_out left_out = { 0 };
	struct html_stacks *stacks;
	struct html_kept *kept;
	char *name = malloc(1u << 20);

	(void)state;
	assert_non_null(name);
	memset(name, 'x', (1u << 20) - 1);
	name[(1u << 20) - 1] = '\0';
	assert_int_equal(html_stacks_new(&stacks), 0);
	assert_int_equal(html_kept_new(&kept, 1000, count_left_out, &left_out), 0);
	for (uint64_t i = 1; i <= 200; i++) {
		struct stall_record stall = sleep_stall(false, i * MS);

		stall.slices.v[0].target =
			(struct target){ .kind = TARGET_FILE, .path = strdup(name) };
		assert_int_equal(html_kept_add(kept, stacks, &stall, 3), 0);
		slices_free(&stall.slices);
	}
	assert_true(html_kept_bytes(kept) < 130u << 20);
	assert_int_equal(html_kept_nr(kept) + left_out.nr, 200);
	assert_true(html_kept_nr(kept) > 100);
	html_kept_sort(kept);
	html_kept_free(kept);
	html_stacks_free(stacks);
	free(name);
}

#define RICH_SLICES 24

/* Stalls with many slices, none of which is like another. */
static void feed_rich(struct output *output)
{
	for (uint64_t i = 0; i < 12000; i++) {
		struct stall_record stall = sleep_stall(false, (100 + i) * MS);

		stall.time_ns += i * 2 * S;
		snprintf(stall.turn, sizeof(stall.turn), "4242-%u", (unsigned int)i);
		for (uint64_t j = 0; j < RICH_SLICES; j++) {
			struct slice slice = { .cause = CAUSE_FILE,
					       .ns = (j + 1) * 99991,
					       .count = 1 };

			slice.target.kind = TARGET_FILE;
			assert_true(asprintf(&slice.target.path, "/srv/data/%u/%u", (unsigned int)i,
					     (unsigned int)j) > 0);
			for (uint64_t k = 0; k < 8; k++)
				intervals_add(&slice.intervals,
					      (struct interval){ stall.mono_ns + j * MS + k * 9999,
								 7777 },
					      0);
			assert_int_equal(slices_add(&stall.slices, &slice), 0);
		}
		slices_sort(&stall.slices);
		feed_stall(output, stall);
	}
}

/* They have fewer details, but all of their time, and the place that they are named after. */
static void test_rich(void **state)
{
	char *text = html(*state, NULL, feed_rich);
	json_t *page = data_of(text), *stall;
	size_t i, nr = json_array_size(json_object_get(page, "stalls"));
	const uint64_t rest_ns = 99991ull * RICH_SLICES * (RICH_SLICES + 1) / 2;

	assert_true(strlen(strstr(text, DATA)) < 5300000);
	assert_in_range(nr, 9000, HTML_STALLS_MAX);
	json_array_foreach (json_object_get(page, "stalls"), i, stall) {
		json_t *slices = json_array_get(stall, S_SLICES), *slice;
		json_int_t sum = 0;
		size_t j;

		json_array_foreach (slices, j, slice)
			sum += number_at(slice, P_NS);
		assert_int_equal(sum, number_at(stall, S_NS) + (json_int_t)rest_ns);
		slice = json_array_get(slices, (size_t)number_at(stall, S_VERDICT));
		assert_int_equal(number_at(slice, P_CAUSE), CAUSE_SLEEP);
	}
	json_decref(page);
	free(text);
}

/* A day of seconds: fewer and longer steps, with the same sums. */
static void test_seconds(void **state)
{
	const size_t nr = 24 * 3600;
	struct html_loops *loops;
	uint64_t turns = 0, idle_ns = 0, cpu_ns = 0, lost = 0, end_ns = 0;
	const struct html_loop *loop;

	(void)state;
	assert_int_equal(html_loops_new(&loops), 0);
	for (size_t i = 0; i < nr; i++) {
		struct name_count losses[] = { { "slices_ring_full", 1 } };
		struct second_record second = {
			AT(i),		 .id = thread_main(),	  .turns = 3,
			.longest_ns = i, .idle_ns = S - 5 * MS,	  .ledger = { .cpu_ns = 5 * MS },
			.lost = losses,	 .nr_lost = i % 100 == 0,
		};
		uint32_t number;

		second.by_cause_ns[CAUSE_CPU] = 5 * MS;
		second.buckets[2] = 3;
		assert_int_equal(html_loops_find(loops, 0, &second.id, &number), 0);
		assert_int_equal(html_loops_second(loops, number, &second), 0);
	}
	html_loops_finish(loops);
	loop = html_loops_at(loops, 0);
	assert_in_range(loop->nr_seconds, 1000, 8000);
	for (size_t i = 0; i < loop->nr_seconds; i++) {
		assert_true(loop->seconds[i].time_ns >= end_ns);
		end_ns = loop->seconds[i].end_ns;
		turns += loop->seconds[i].turns;
		idle_ns += loop->seconds[i].idle_ns;
		cpu_ns += loop->seconds[i].by_cause_ns[CAUSE_CPU];
		lost += loop->seconds[i].lost;
	}
	assert_int_equal(turns, 3 * nr);
	assert_int_equal(idle_ns, nr * (S - 5 * MS));
	assert_int_equal(cpu_ns, nr * 5 * MS);
	assert_int_equal(lost, nr / 100);
	assert_int_equal(end_ns, TEST_TIME_NS + nr * S);
	assert_int_equal(loop->seconds[loop->nr_seconds - 1].longest_ns, nr - 1);
	/* without a summary the loop is what its seconds say */
	assert_int_equal(loop->turns, 3 * nr);
	assert_int_equal(loop->wall_ns, nr * S);
	assert_int_equal(loop->buckets[2], 3 * nr);
	html_loops_free(loops);
}

static void test_blocked_time(void **state)
{
	const size_t nr = 20000;
	struct html_loops *loops;
	struct html_stacks *stacks;
	const struct html_loop *loop;
	uint64_t ns = 0;

	(void)state;
	assert_int_equal(html_loops_new(&loops), 0);
	assert_int_equal(html_stacks_new(&stacks), 0);
	for (size_t i = 0; i < nr; i++) {
		struct stall_record stall = sleep_stall(false, 7 * MS);
		struct blocked_record blocked = { AT(i), .id = thread_main(),
						  .slices = stall.slices };
		uint32_t number;

		assert_int_equal(html_loops_find(loops, 0, &blocked.id, &number), 0);
		assert_int_equal(html_loops_blocked(loops, number, stacks, &blocked), 0);
		slices_free(&stall.slices);
	}
	loop = html_loops_at(loops, 0);
	assert_in_range(loop->nr_blocked, 1000, 5000);
	for (size_t i = 0; i < loop->nr_blocked; i++)
		for (size_t j = 0; j < loop->blocked[i].slices.nr; j++)
			ns += loop->blocked[i].slices.v[j].ns;
	assert_int_equal(ns, nr * 7 * MS);
	assert_true(html_loops_bytes(loops) < 64u << 20);
	html_loops_free(loops);
	html_stacks_free(stacks);
}

static void test_too_many_loops(void **state)
{
	struct html_loops *loops;
	uint32_t number;

	(void)state;
	assert_int_equal(html_loops_new(&loops), 0);
	for (int i = 1; i <= HTML_LOOPS_MAX + 10; i++) {
		const struct thread_id id = { .pid = i, .tid = i };

		assert_int_equal(html_loops_find(loops, 0, &id, &number), 0);
	}
	assert_int_equal(html_loops_nr(loops), HTML_LOOPS_MAX + 1);
	assert_int_equal(number, HTML_LOOPS_MAX);
	assert_true(html_loops_at(loops, number)->others);
	html_loops_free(loops);
}

/* -- several recordings -- */

static void feed_two_hosts(struct output *output)
{
	struct start_record start = { AT(0), .host = "web1", .threshold_ns = 100 * MS };
	struct stall_record stall = sleep_stall(false, 200 * MS);

	output_start(output, &start);
	/* it lasted when the recording ended, and is no stall of the next */
	feed_stall(output, sleep_stall(true, 1100 * MS));
	start.host = "web2";
	start.time_ns += 100 * S;
	output_start(output, &start);
	stall.time_ns += 100 * S;
	feed_stall(output, stall);
}

static void test_hosts(void **state)
{
	json_t *page = data(*state, NULL, feed_two_hosts);

	assert_int_equal(json_array_size(json_object_get(page, "recordings")), 2);
	assert_int_equal(json_array_size(json_object_get(page, "loops")), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(integer_of(at(page, "loops", i), "recording"), i);
		assert_int_equal(number_at(at(page, "stalls", i), S_LOOP), i);
	}
	assert_string_equal(json_string_value(json_object_get(at(page, "recordings", 1), "host")),
			    "web2");
	assert_int_equal(number_at(at(page, "stalls", 0), S_FLAGS), 1);
	json_decref(page);
}

static void feed_comparison(struct output *output)
{
	const struct diff_place place = { .change = DIFF_WORSE,
					  .fn = "do_io",
					  .file = "bad.py",
					  .cause = CAUSE_SLEEP,
					  .before = { .ns = S, .stalls = 1 },
					  .after = { .ns = 4 * S, .stalls = 2 } };
	const struct diff_record diff = { .before = { .loop_ns = 3600 * S },
					  .after = { .loop_ns = 3600 * S },
					  .places = &place,
					  .nr_places = 1 };

	assert_true(output_compares(output));
	feed_stall(output, sleep_stall(false, 200 * MS));
	output_compare(output);
	feed_stall(output, sleep_stall(false, 300 * MS));
	output_diff(output, &diff);
}

static void test_comparison(void **state)
{
	json_t *page = data(*state, NULL, feed_comparison), *diff = json_object_get(page, "diff");
	json_t *before = json_object_get(diff, "before"), *place = at(diff, "places", 0);

	assert_int_equal(number_at(at(before, "stalls", 0), S_NS), 200 * MS);
	assert_int_equal(number_at(at(page, "stalls", 0), S_NS), 300 * MS);
	assert_string_equal(json_string_value(json_object_get(place, "name")), "do_io (bad.py)");
	assert_string_equal(json_string_value(json_object_get(place, "kind")), "worse");
	assert_int_equal(integer_of(place, "after_ns_per_hour"), 4 * S);
	json_decref(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stall, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_intervals, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_loop_and_recording, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_blocked, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_markup, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_hostile, temp_setup, temp_teardown),
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_kept_bytes),
		cmocka_unit_test_setup_teardown(test_rich, temp_setup, temp_teardown),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_blocked_time),
		cmocka_unit_test(test_too_many_loops),
		cmocka_unit_test_setup_teardown(test_hosts, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_comparison, temp_setup, temp_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
