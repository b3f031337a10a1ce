// SPDX-License-Identifier: GPL-2.0-or-later
/* Metrics: what counts where, in which words, and that no counter falls; who gets which format. */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "base/strings.h"
#include "web/child/accept.h"
#include "web/label_sets.h"
#include "web/metrics.h"

#define SEC (1000 * MS)

static struct loop_record loop_of(uint64_t number, const char *comm, const char *unit)
{
	struct loop_record loop = {
		.id = { .pid = 1, .tid = 1, .runtime = (char *)"asyncio", .loop = number },
		.unit = unit,
		.wait_fd = -1,
	};

	snprintf(loop.id.comm, sizeof(loop.id.comm), "%s", comm);
	return loop;
}

static struct stall_record stall_of(const struct loop_record *loop, enum cause cause, uint64_t ns)
{
	return (struct stall_record){
		.turn = "1-7",
		.id = loop->id,
		.cause = cause,
		.duration_ns = ns,
		.time_ns = 1700000000 * SEC,
	};
}

static char *text_of(struct metrics *metrics, bool openmetrics)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(metrics_write(metrics, out, openmetrics), 0);
	fclose(out);
	return text;
}

static bool has(struct metrics *metrics, bool openmetrics, const char *line)
{
	char *text = text_of(metrics, openmetrics);
	bool found = strstr(text, line) != NULL;

	free(text);
	return found;
}

static struct metrics *new_metrics(void)
{
	struct metrics *metrics;

	assert_int_equal(metrics_new(&metrics), 0);
	return metrics;
}

static void a_second_and_a_stall(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record loop = loop_of(1, "web", "web.service");
	struct stall_record stall = stall_of(&loop, CAUSE_DNS, 300 * MS);
	struct name_count lost = { loss_name(LOSS_STACKS_CUT), 3 };
	struct second_record second = {
		.id = loop.id,
		.turns = 3,
		.lengths = { [0] = 2, [7] = 1 },
		.ledger = { .blocked_ns = 300 * MS, .cpu_ns = 5 * MS },
		.by_cause_ns = { [CAUSE_DNS] = 300 * MS, [CAUSE_CPU] = 5 * MS },
		.delayed_events = 4,
		.lost = &lost,
		.nr_lost = 1,
	};

	(void)state;
	metrics_loop(metrics, &loop);
	metrics_second(metrics, &second);
	metrics_stall(metrics, &stall);
	metrics_begin_loops(metrics);
	metrics_live_loop(metrics, &loop.id);
#define LABELS "comm=\"web\",runtime=\"asyncio\",unit=\"web.service\""
	assert_true(has(metrics, false, "\nblockprof_stalls_total{" LABELS ",cause=\"dns\"} 1\n"));
	assert_true(has(metrics, false, "\nblockprof_stalls_total{" LABELS ",cause=\"cpu\"} 0\n"));
	assert_true(has(metrics, false,
			"\nblockprof_stall_seconds_total{" LABELS ",cause=\"dns\"} 0.300000000\n"));
	assert_true(has(metrics, false,
			"\nblockprof_blocked_seconds_total{" LABELS
			",cause=\"dns\"} 0.300000000\n"));
	/* that of turns that were no stalls is not lost */
	assert_false(
		has(metrics, false, "blockprof_blocked_seconds_total{" LABELS ",cause=\"cpu\"}"));
	assert_true(has(metrics, false, "\nblockprof_delayed_events_total{" LABELS "} 4\n"));
	assert_true(has(metrics, false, "\nblockprof_loops{" LABELS "} 1\n"));
	assert_true(has(metrics, false,
			"\nblockprof_turn_duration_seconds_bucket{" LABELS ",le=\"0.25\"} 2\n"));
	assert_true(has(metrics, false,
			"\nblockprof_turn_duration_seconds_bucket{" LABELS ",le=\"+Inf\"} 3\n"));
	assert_true(has(metrics, false,
			"\nblockprof_turn_duration_seconds_sum{" LABELS "} 0.305000000\n"));
	assert_true(
		has(metrics, false, "\nblockprof_lost_records_total{place=\"stacks_cut\"} 3\n"));
	metrics_free(metrics);
}

/* Two of one pod are told apart by their names, and without a name by what begins the identifier. */
static void containers_and_pods(void **state)
{
	static const char id[] = "3f4b2a9c0d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
	struct metrics *metrics = new_metrics();
	struct loop_record loop = loop_of(1, "web", NULL);

	(void)state;
	loop.container = id;
	loop.pod = "web-7d9";
	loop.namespace = "shop";
	metrics_loop(metrics, &loop);
	loop.id.loop = 2;
	loop.container_name = "app";
	metrics_loop(metrics, &loop);
	loop.id.loop = 3;
	loop.namespace = "test";
	metrics_loop(metrics, &loop);
	metrics_begin_loops(metrics);
	for (uint64_t number = 1; number <= 3; number++) {
		loop.id.loop = number;
		metrics_live_loop(metrics, &loop.id);
	}
	assert_true(
		has(metrics, true,
		    "blockprof_loops{comm=\"web\",runtime=\"asyncio\",container=\"3f4b2a9c0d1e\","
		    "pod=\"web-7d9\",namespace=\"shop\"} 1\n"));
	assert_true(has(metrics, true,
			"blockprof_loops{comm=\"web\",runtime=\"asyncio\",container=\"app\","
			"pod=\"web-7d9\",namespace=\"shop\"} 1\n"));
	assert_true(has(metrics, true,
			"blockprof_loops{comm=\"web\",runtime=\"asyncio\",container=\"app\","
			"pod=\"web-7d9\",namespace=\"test\"} 1\n"));
	metrics_free(metrics);
}

static void the_two_formats(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record loop = loop_of(1, "web", NULL);
	struct stall_record stall = stall_of(&loop, CAUSE_GIL, 300 * MS);
	char *text;

	(void)state;
	metrics_loop(metrics, &loop);
	metrics_stall(metrics, &stall);
	text = text_of(metrics, true);
	assert_non_null(strstr(text, "# TYPE blockprof_stalls counter\n"));
	assert_non_null(strstr(text, "# UNIT blockprof_stall_seconds seconds\n"));
	assert_non_null(strstr(text, "blockprof_stalls_total{comm=\"web\",runtime=\"asyncio\","
				     "cause=\"gil\"} 1 # {turn=\"1-7\"} 0.300000000 "
				     "1700000000.300000000\n"));
	assert_non_null(strstr(text, "le=\"0.5\"} 0 # {turn=\"1-7\"} 0.300000000 "));
	assert_true(ends_with(text, "\n# EOF\n"));
	free(text);
	text = text_of(metrics, false);
	assert_non_null(strstr(text, "# TYPE blockprof_stalls_total counter\n"));
	assert_non_null(strstr(text, "# TYPE blockprof_build_info gauge\n"));
	assert_null(strstr(text, "# {"));
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
	free(text);
	metrics_free(metrics);
}

static void what_does_not_count(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record loop = loop_of(1, "web", NULL);
	struct stall_record stall = stall_of(&loop, CAUSE_GIL, 300 * MS);

	(void)state;
	metrics_loop(metrics, &loop);
	stall.ongoing = true;
	metrics_stall(metrics, &stall);
	stall.ongoing = false;
	stall.doubt = DOUBT_SHARED;
	metrics_stall(metrics, &stall);
	assert_false(has(metrics, false, "cause=\"gil\"} 1"));
	stall.doubt = DOUBT_NONE;
	metrics_stall(metrics, &stall);
	assert_true(has(metrics, false, "cause=\"gil\"} 1"));
	metrics_discarded(metrics, DISCARD_PROXY);
	metrics_blind(metrics, BLIND_FILES_LATE);
	assert_true(has(metrics, false, "blockprof_discarded_turns_total{reason=\"proxy\"} 1\n"));
	assert_true(has(metrics, false, "blockprof_blind_total{reason=\"files_late\"} 1\n"));
	metrics_free(metrics);
}

static void notes_count_with_a_loop_of_the_process(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record first = loop_of(1, "web", NULL), second = loop_of(2, "job", NULL);
	struct note_record note = { .kind = NOTE_POOL_BUSY, .pid = 8 };

	(void)state;
	first.id.pid = 7;
	second.id.pid = 8;
	metrics_loop(metrics, &first);
	metrics_loop(metrics, &second);
	metrics_note(metrics, &note);
	metrics_note(metrics, &note);
	note.kind = NOTE_TASKS_GROW;
	metrics_note(metrics, &note);
	/* one without a loop */
	note.pid = 9;
	metrics_note(metrics, &note);
#define JOB "blockprof_notes_total{comm=\"job\",runtime=\"asyncio\",note="
	assert_true(has(metrics, false, JOB "\"pool_busy\"} 2\n"));
	assert_true(has(metrics, false, JOB "\"tasks_grow\"} 1\n"));
	assert_true(has(metrics, false, JOB "\"threads_grow\"} 0\n"));
	assert_false(has(metrics, false, "comm=\"web\""));
	assert_true(has(metrics, false,
			"blockprof_notes_total{comm=\"[other]\",note=\"tasks_grow\"} 1\n"));
	metrics_free(metrics);
}

static void hostile_names(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record loop = loop_of(1, "a\"\n\\\xff{}", "x\ny\r.service");
	struct second_record second = { .id = loop.id };
	char *text;

	(void)state;
	metrics_loop(metrics, &loop);
	metrics_second(metrics, &second);
	text = text_of(metrics, true);
	assert_non_null(strstr(text, "comm=\"a\\\"\\\\x0a"));
	assert_null(strstr(text, "\r"));
	assert_null(strstr(text, "\xff"));
	free(text);
	metrics_free(metrics);
}

/* Of all sets. */
static uint64_t all_delayed(struct metrics *metrics)
{
	char *text = text_of(metrics, false), *line = text;
	uint64_t sum = 0;

	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (starts_with(line, "blockprof_delayed_events_total{"))
			sum += strtoull(strrchr(line, ' '), NULL, 10);
	free(text);
	return sum;
}

static void more_names_than_sets(void **state)
{
	struct metrics *metrics = new_metrics();
	uint64_t number = 0;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2 * LABEL_SETS_MAX; i++) {
			char comm[16];
			struct second_record second;
			struct loop_record loop;

			snprintf(comm, sizeof(comm), "c%d-%d", round, i);
			loop = loop_of(++number, comm, NULL);
			second = (struct second_record){ .id = loop.id, .delayed_events = 1 };
			metrics_loop(metrics, &loop);
			metrics_second(metrics, &second);
			/* no set has gone yet */
			if (!round)
				assert_int_equal(all_delayed(metrics), number);
		}
		/* the first lives on, and stays */
		if (!round) {
			assert_true(has(metrics, false, "place=\"label_sets_full\"} 513\n"));
			for (int tick = 0; tick < 4; tick++) {
				const struct loop_record first = loop_of(1, "c0-0", NULL);

				metrics_begin_loops(metrics);
				metrics_live_loop(metrics, &first.id);
			}
		}
	}
	assert_true(has(metrics, false, "blockprof_delayed_events_total{comm=\"c0-0\""));
	assert_false(has(metrics, false, "comm=\"c0-1\""));
	assert_true(has(metrics, false, "comm=\"c1-0\""));
	assert_true(has(metrics, false, "comm=\"[other]\""));
	metrics_free(metrics);
}

/* What a scraper keeps: the counters' lines, in order. */
struct scrape {
	char *text;
	char **lines;
	size_t nr;
};

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct scrape scrape_of(struct metrics *metrics)
{
	struct scrape scrape = { .text = text_of(metrics, false) };

	scrape.lines = calloc(strlen(scrape.text), sizeof(scrape.lines[0]));
	assert_non_null(scrape.lines);
	for (char *line = strtok(scrape.text, "\n"); line; line = strtok(NULL, "\n"))
		if (starts_with(line, "blockprof_") && !starts_with(line, "blockprof_loops"))
			scrape.lines[scrape.nr++] = line;
	qsort(scrape.lines, scrape.nr, sizeof(scrape.lines[0]), compare_lines);
	return scrape;
}

/* Its series, without the value. */
static int compare_series(const char *a, const char *b)
{
	size_t bytes_a = (size_t)(strrchr(a, ' ') - a), bytes_b = (size_t)(strrchr(b, ' ') - b);
	int order = strncmp(a, b, bytes_a < bytes_b ? bytes_a : bytes_b);

	return order ? order : compare_numbers(bytes_a, bytes_b);
}

/* How many series go on; none of them has a smaller value than before. */
static size_t go_on(const struct scrape *before, const struct scrape *after)
{
	size_t found = 0, at = 0;

	for (size_t i = 0; i < before->nr; i++) {
		while (at < after->nr && compare_series(after->lines[at], before->lines[i]) < 0)
			at++;
		if (at == after->nr || compare_series(after->lines[at], before->lines[i]))
			continue;
		found++;
		assert_true(strtod(strrchr(after->lines[at], ' '), NULL) >=
			    strtod(strrchr(before->lines[i], ' '), NULL));
	}
	return found;
}

/* One loop of a program that comes, blocks and goes. */
static void live_shortly(struct metrics *metrics, uint64_t number, const char *name)
{
	struct loop_record loop = loop_of(number + 1, name, NULL);
	struct second_record second;
	struct stall_record stall;

	second = (struct second_record){
		.id = loop.id,
		.lengths = { 1, 2, 3 },
		.by_cause_ns[CAUSE_FILE] = number * MS,
		.ledger.blocked_ns = number * MS,
		.delayed_events = number,
	};
	stall = stall_of(&loop, CAUSE_FILE, 300 * MS);
	metrics_loop(metrics, &loop);
	metrics_second(metrics, &second);
	metrics_stall(metrics, &stall);
}

static void no_counter_falls(void **state)
{
	struct metrics *metrics = new_metrics();
	struct scrape before = scrape_of(metrics), after;
	size_t ended = 0;

	(void)state;
	for (uint64_t number = 0; number < 4 * LABEL_SETS_MAX; number++) {
		char name[16];

		/* some come again */
		snprintf(name, sizeof(name), "job-%" PRIu64, number * 7 % (3 * LABEL_SETS_MAX));
		live_shortly(metrics, number, name);
		if (number % 64)
			continue;
		/* loops that are gone, which is asked for now and then, make room */
		for (int tick = 0; tick < 4; tick++)
			metrics_begin_loops(metrics);
		after = scrape_of(metrics);
		ended += before.nr - go_on(&before, &after);
		free(before.text);
		free(before.lines);
		before = after;
	}
	/* series have ended, or this has shown nothing */
	assert_true(ended > LABEL_SETS_MAX);
	free(before.text);
	free(before.lines);
	metrics_free(metrics);
}

/* What sum(increase()) makes of a metric from one scrape to the next: what begins has begun at 0. */
static double increase_of(const struct scrape *before, const struct scrape *after,
			  const char *metric)
{
	double sum = 0;
	size_t at = 0;

	for (size_t i = 0; i < after->nr; i++) {
		if (!starts_with(after->lines[i], metric))
			continue;
		while (at < before->nr && compare_series(before->lines[at], after->lines[i]) < 0)
			at++;
		sum += strtod(strrchr(after->lines[i], ' '), NULL);
		if (at < before->nr && !compare_series(before->lines[at], after->lines[i]))
			sum -= strtod(strrchr(before->lines[at], ' '), NULL);
	}
	return sum;
}

#define JOBS	4096
#define NUMBERS (JOBS * (JOBS - 1.0) / 2) /* of all jobs, added up */

/* Each program is another one; somebody scrapes after so many. */
static void add_up(uint64_t each)
{
	struct {
		const char *name;
		double truth, sum;
	} counters[] = {
		{ "blockprof_turn_duration_seconds_count{", 6 * JOBS, 0 },
		{ "blockprof_turn_duration_seconds_sum{", NUMBERS / 1000, 0 },
		{ "blockprof_stalls_total{", JOBS, 0 },
		{ "blockprof_stall_seconds_total{", JOBS * 0.3, 0 },
		{ "blockprof_blocked_seconds_total{", NUMBERS / 1000, 0 },
		{ "blockprof_delayed_events_total{", NUMBERS, 0 },
	};
	const size_t nr = sizeof(counters) / sizeof(counters[0]);
	struct metrics *metrics = new_metrics();
	struct scrape before = scrape_of(metrics), after;

	for (uint64_t number = 0; number < JOBS; number++) {
		char name[16];

		snprintf(name, sizeof(name), "job-%" PRIu64, number);
		live_shortly(metrics, number, name);
		for (int tick = 0; number % 64 == 63 && tick < 4; tick++)
			metrics_begin_loops(metrics);
		if ((number + 1) % each)
			continue;
		after = scrape_of(metrics);
		for (size_t i = 0; i < nr; i++)
			counters[i].sum += increase_of(&before, &after, counters[i].name);
		free(before.text);
		free(before.lines);
		before = after;
	}
	for (size_t i = 0; i < nr; i++)
		if ((uint64_t)(counters[i].sum * 1000 + 0.5) !=
		    (uint64_t)(counters[i].truth * 1000 + 0.5))
			fail_msg("%s, a scrape each %" PRIu64 " jobs: %f, and not %f",
				 counters[i].name, each, counters[i].sum, counters[i].truth);
	assert_true(has(metrics, false, "comm=\"[other]\""));
	free(before.text);
	free(before.lines);
	metrics_free(metrics);
}

/* What a set that has to go has counted is in the increases once: in its own series, or in [other]. */
static void increases_add_up(void **state)
{
	(void)state;
	add_up(64);
	/* of most sets no scrape has shown anything */
	add_up(4L * LABEL_SETS_MAX);
}

static void a_new_watch_has_other_loops(void **state)
{
	struct metrics *metrics = new_metrics();
	struct loop_record before = loop_of(1, "before", NULL), after = loop_of(1, "after", NULL);
	struct second_record second = { .id = before.id, .delayed_events = 3 };

	(void)state;
	metrics_loop(metrics, &before);
	metrics_second(metrics, &second);
	metrics_new_watch(metrics);
	metrics_loop(metrics, &after);
	second = (struct second_record){ .id = after.id, .delayed_events = 5 };
	metrics_second(metrics, &second);
	assert_true(has(metrics, false, "{comm=\"before\",runtime=\"asyncio\"} 3\n"));
	assert_true(has(metrics, false, "{comm=\"after\",runtime=\"asyncio\"} 5\n"));
	metrics_free(metrics);
}

static void lengths(void **state)
{
	unsigned int hist[HIST_BUCKETS] = { 0 }, over[LENGTH_BOUNDS] = { 0 };
	uint64_t buckets[LENGTH_BUCKETS] = { 0 }, sum = 0;

	(void)state;
	assert_int_equal(length_bucket_of(0), 0);
	assert_int_equal(length_bucket_of(1 * MS), 0);
	assert_int_equal(length_bucket_of(1 * MS + 1), 1);
	assert_int_equal(length_bucket_of(10 * SEC), 11);
	assert_int_equal(length_bucket_of(10 * SEC + 1), 12);
	assert_int_equal(length_bucket_of(UINT64_MAX), 12);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		hist[i] = 1;
	/* of one turn no more than one is longer */
	for (unsigned int i = 0; i < LENGTH_BOUNDS; i++)
		over[i] = i;
	length_add(buckets, hist, over);
	for (unsigned int i = 0; i < LENGTH_BUCKETS; i++)
		sum += buckets[i];
	assert_int_equal(sum, HIST_BUCKETS);
}

/* Each turn counts on its side of a bound, however near to that it is. */
static void bounds_are_exact(void **state)
{
	static const int64_t near_ns[] = { -50 * MS, -MS, -1, 0, 1, MS / 100, MS, 50 * MS };

	(void)state;
	for (unsigned int bound = 0; bound < LENGTH_BOUNDS; bound++) {
		for (size_t i = 0; i < sizeof(near_ns) / sizeof(near_ns[0]); i++) {
			unsigned int hist[HIST_BUCKETS] = { 0 }, over[LENGTH_BOUNDS] = { 0 }, under;
			uint64_t buckets[LENGTH_BUCKETS] = { 0 };
			int64_t ns = (int64_t)length_upper_ns(bound) + near_ns[i];

			if (ns < 0)
				continue;
			hist[hist_bucket((uint64_t)ns)]++;
			under = length_bound_under((uint64_t)ns);
			if (under < LENGTH_BOUNDS)
				over[under]++;
			length_add(buckets, hist, over);
			assert_int_equal(buckets[length_bucket_of((uint64_t)ns)], 1);
		}
	}
}

static void who_accepts_openmetrics(void **state)
{
#define OM "application/openmetrics-text"
	static const char *const those[] = {
		OM,
		OM ";version=1.0.0",
		OM "; version=0.0.1; charset=utf-8",
		"text/plain;q=0.5," OM ";q=0.6",
		OM ";version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		"TEXT/PLAIN;Q=0.3 , Application/OpenMetrics-Text;q=0.4",
	};
	static const char *const others[] = {
		NULL,
		"",
		"*/*",
		"text/plain",
		OM ";q=0",
		OM ";version=2.0.0",
		OM "x",
		OM ";q=0.5,text/plain",
		OM ";q=",
		";;;,,,",
		OM ";q=0.2;version=2.0.0",
		"text/html," OM ";version=1.0.0;q=x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++)
		if (!accept_openmetrics(those[i]))
			fail_msg("not for %s", those[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (accept_openmetrics(others[i]))
			fail_msg("for %s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_and_a_stall),
		cmocka_unit_test(containers_and_pods),
		cmocka_unit_test(the_two_formats),
		cmocka_unit_test(what_does_not_count),
		cmocka_unit_test(notes_count_with_a_loop_of_the_process),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(more_names_than_sets),
		cmocka_unit_test(no_counter_falls),
		cmocka_unit_test(increases_add_up),
		cmocka_unit_test(a_new_watch_has_other_loops),
		cmocka_unit_test(lengths),
		cmocka_unit_test(bounds_are_exact),
		cmocka_unit_test(who_accepts_openmetrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
