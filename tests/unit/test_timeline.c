// SPDX-License-Identifier: GPL-2.0-or-later
/* Stalls as lines of time: what lies in what, and that no time of a slice gets lost or is there twice. */
#include "records.h"

#include "output/timeline.h"

#define START	  (100 * S)
#define AT_MS(ms) (START + (ms)*MS)

static void add_interval(struct slice *slice, uint64_t at_ms, uint64_t ms)
{
	intervals_add(&slice->intervals, (struct interval){ AT_MS(at_ms), ms * MS }, 0);
}

static void add_slice(struct stall_record *stall, struct slice slice)
{
	assert_int_equal(slices_add(&stall->slices, &slice), 0);
}

static struct stall_record stall_of(uint64_t ms)
{
	return (struct stall_record){ .mono_ns = START, .duration_ns = ms * MS };
}

/* "(0 sleep 30 (10 cpu 5 )15 )30": where in milliseconds, its cause, how many of the slice's are there. */
static char *drawn(struct stall_record *stall)
{
	static const char *const marks[] = {
		[TIMELINE_BEGIN] = "(", [TIMELINE_END] = ")", [TIMELINE_MOMENT] = "!"
	};
	struct timeline timeline;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(timeline_make(&timeline, stall, NULL), 0);
	for (size_t i = 0; i < timeline.nr; i++) {
		const struct timeline_event *event = &timeline.v[i];

		fprintf(out, "%s%s%llu", i ? " " : "", marks[event->kind],
			(unsigned long long)(event->mono_ns - START) / MS);
		if (event->kind != TIMELINE_END)
			fprintf(out, " %s %llu", cause_name(event->slice->cause),
				(unsigned long long)event->ns / MS);
	}
	if (timeline.unordered)
		fprintf(out, " unordered");
	fclose(out);
	timeline_free(&timeline);
	stall_clear(stall);
	return text;
}

#define ASSERT_DRAWN(stall, expected)                \
	do {                                         \
		char *text = drawn(&(stall));        \
		assert_string_equal(text, expected); \
		free(text);                          \
	} while (0)

static void blocks_are_where_they_were(void **state)
{
	struct stall_record stall = stall_of(100);
	struct slice slept = { .cause = CAUSE_SLEEP, .ns = 50 * MS };
	struct slice read = { .cause = CAUSE_FILE, .ns = 20 * MS };

	(void)state;
	add_interval(&slept, 60, 20);
	add_interval(&slept, 10, 30);
	add_interval(&read, 40, 20);
	add_slice(&stall, slept);
	add_slice(&stall, read);
	ASSERT_DRAWN(stall, "(10 sleep 30 )40 (40 file 20 )60 (60 sleep 20 )80");
}

/* Of more than are kept, or of what was taken together. */
static void the_rest_is_a_moment(void **state)
{
	struct stall_record stall = stall_of(100);
	struct slice slept = { .cause = CAUSE_SLEEP, .ns = 50 * MS };
	struct slice waited = { .cause = CAUSE_RUNQUEUE, .ns = 7 * MS };

	(void)state;
	add_interval(&slept, 20, 30);
	slept.intervals.first_ns = AT_MS(5);
	add_slice(&stall, slept);
	add_slice(&stall, waited);
	ASSERT_DRAWN(stall, "!0 runqueue 7 !5 sleep 20 (20 sleep 30 )50");
}

/* Ticks of a CPU are taken to last until the next one. */
static void overlaps_are_cut_or_nested(void **state)
{
	struct stall_record stall = stall_of(100);
	struct slice ran = { .cause = CAUSE_CPU, .ns = 90 * MS };
	struct slice slept = { .cause = CAUSE_SLEEP, .ns = 25 * MS };

	(void)state;
	add_interval(&ran, 0, 50);
	add_interval(&ran, 60, 40);
	add_interval(&slept, 45, 15);
	add_interval(&slept, 70, 10);
	add_slice(&stall, ran);
	add_slice(&stall, slept);
	ASSERT_DRAWN(stall, "(0 cpu 50 )45 (45 sleep 15 )60 (60 cpu 40 (70 sleep 10 )80 )100");
}

static void it_stays_within_the_stall(void **state)
{
	struct stall_record stall = stall_of(100);
	struct slice slept = { .cause = CAUSE_SLEEP, .ns = 500 * MS };
	struct slice read = { .cause = CAUSE_FILE, .ns = 10 * MS };

	(void)state;
	/* of any origin */
	intervals_add(&slept.intervals, (struct interval){ START - S, 1050 * MS }, 0);
	intervals_add(&slept.intervals, (struct interval){ START + S, UINT64_MAX }, 0);
	add_interval(&read, 90, 60);
	add_slice(&stall, slept);
	add_slice(&stall, read);
	ASSERT_DRAWN(stall, "(0 sleep 50 !0 sleep 450 )50 (90 file 10 )100");
}

/* Recordings of before intervals were kept. */
static void without_times_they_are_in_a_row(void **state)
{
	struct stall_record stall = stall_of(100);

	(void)state;
	add_slice(&stall, (struct slice){ .cause = CAUSE_SLEEP, .ns = 60 * MS });
	add_slice(&stall, (struct slice){ .cause = CAUSE_FILE, .ns = 30 * MS });
	add_slice(&stall, (struct slice){ .cause = CAUSE_CPU, .ns = 30 * MS });
	ASSERT_DRAWN(stall, "(0 sleep 60 )60 (60 file 30 )90 (90 cpu 30 )100 unordered");
	stall = stall_of(100);
	ASSERT_DRAWN(stall, " unordered");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_where_they_were),
		cmocka_unit_test(the_rest_is_a_moment),
		cmocka_unit_test(overlaps_are_cut_or_nested),
		cmocka_unit_test(it_stays_within_the_stall),
		cmocka_unit_test(without_times_they_are_in_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
