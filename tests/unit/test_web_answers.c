// SPDX-License-Identifier: GPL-2.0-or-later
/* What the service keeps to answer with: its token, the last stalls, and the last hour, of which the page's data is made. */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strings.h"
#include "model/blind.h"
#include "model/loss.h"
#include "output/match.h"
#include "web/child/last.h"
#include "web/child/pack.h"
#include "web/hour.h"
#include "web/recent.h"
#include "web/token.h"

static char directory[] = "/tmp/test-token-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path_of("token"));
	unlink(path_of("given"));
	return rmdir(directory);
}

static void a_token_is_made_once(void **state)
{
	char first[WEB_TOKEN_BYTES], again[WEB_TOKEN_BYTES], other[WEB_TOKEN_BYTES];
	struct stat status;

	(void)state;
	assert_int_equal(token_of(directory, first), 0);
	assert_int_equal(strlen(first), 64);
	assert_int_equal(strspn(first, "0123456789abcdef"), 64);
	assert_int_equal(stat(path_of("token"), &status), 0);
	assert_int_equal(status.st_mode & 0777 & ~0640, 0);
	assert_int_equal(token_of(directory, again), 0);
	assert_string_equal(first, again);
	unlink(path_of("token"));
	assert_int_equal(token_of(directory, other), 0);
	assert_string_not_equal(first, other);
	assert_int_not_equal(access(path_of("token.new"), F_OK), 0);
	assert_int_equal(token_of("/nonexistent", other), -ENOENT);
}

static int read_of(const char *text, char token[WEB_TOKEN_BYTES])
{
	FILE *file = fopen(path_of("given"), "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return token_read(path_of("given"), token);
}

static void what_is_a_token(void **state)
{
	char token[WEB_TOKEN_BYTES], text[WEB_TOKEN_BYTES + 10];

	(void)state;
	memset(token, 'x', sizeof(token));
	assert_int_equal(read_of("0123456789abcde!\r\nmore\n", token), 0);
	assert_string_equal(token, "0123456789abcde!");
	for (size_t i = 16; i < sizeof(token); i++)
		assert_int_equal(token[i], 0);
	assert_int_equal(read_of("", token), -EINVAL);
	assert_int_equal(read_of("0123456789abcde\n", token), -EINVAL);
	assert_int_equal(read_of("0123456789 abcdef\n", token), -EINVAL);
	assert_int_equal(read_of("0123456789\xc3\xa4"
				 "abcdef\n",
				 token),
			 -EINVAL);
	memset(text, 'a', sizeof(text));
	text[WEB_TOKEN_BYTES - 1] = '\0';
	assert_int_equal(read_of(text, token), 0);
	text[WEB_TOKEN_BYTES - 1] = 'a';
	text[WEB_TOKEN_BYTES] = '\0';
	assert_int_equal(read_of(text, token), -EINVAL);
	assert_int_equal(token_read(directory, token), -EINVAL);
	assert_int_equal(token_read("/dev/zero", token), -EINVAL);
}

static void add(struct recent *recent, int number, size_t padding)
{
	char *name = calloc(1, padding + 1);
	struct slice slice = { .cause = CAUSE_SLEEP, .syscall = name };
	struct stall_record stall = {
		.time_ns = (uint64_t)number * 1000 * MS,
		.delayed_events = -1,
		.slices = { .v = &slice, .nr = 1 },
	};

	assert_non_null(name);
	memset(name, 'a', padding);
	snprintf(stall.turn, sizeof(stall.turn), "7-%d", number);
	recent_stall(recent, &stall);
	free(name);
}

/* How many lines; first: the number in the first one's turn. */
static int lines_of(const struct recent *recent, uint64_t limit, uint64_t since_ns, int *first)
{
	char *text = NULL, *turn;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int nr = 0;

	assert_non_null(out);
	assert_int_equal(recent_write(recent, out, limit, since_ns), 0);
	fclose(out);
	turn = strstr(text, "\"turn\":\"7-");
	*first = turn ? atoi(turn + 10) : -1;
	for (char *c = text; *c; c++)
		nr += *c == '\n';
	assert_true(!nr || text[bytes - 1] == '\n');
	free(text);
	return nr;
}

static void the_last_stalls(void **state)
{
	struct stall_record ongoing = { .ongoing = true, .turn = "7-9", .delayed_events = -1 };
	struct recent *recent;
	int first;

	(void)state;
	assert_int_equal(recent_new(&recent), 0);
	assert_int_equal(lines_of(recent, 10, 0, &first), 0);
	recent_stall(recent, &ongoing);
	assert_int_equal(lines_of(recent, 10, 0, &first), 0);
	for (int i = 1; i <= WEB_STALLS_MAX + 5; i++)
		add(recent, i, 1);
	assert_int_equal(lines_of(recent, 10, 0, &first), 10);
	assert_int_equal(first, WEB_STALLS_MAX + 5);
	assert_int_equal(lines_of(recent, WEB_STALLS_MAX, 0, &first), WEB_STALLS_MAX);
	assert_int_equal(lines_of(recent, WEB_STALLS_MAX, 1000 * 1000 * MS, &first), 6);
	recent_free(recent);
}

static void large_stalls_take_the_room_of_many(void **state)
{
	struct recent *recent;
	int first, nr;

	(void)state;
	assert_int_equal(recent_new(&recent), 0);
	for (int i = 1; i <= 20; i++)
		add(recent, i, 500000);
	nr = lines_of(recent, WEB_STALLS_MAX, 0, &first);
	assert_in_range(nr, 4, 8);
	assert_int_equal(first, 20);
	recent_free(recent);
}

/* How many times a word is in a text. */
static int count_of(const char *text, const char *word)
{
	int nr = 0;

	for (const char *found = text; (found = strstr(found, word)); found++)
		nr++;
	return nr;
}

/* All that is kept since then; the caller frees. */
static char *all_of(const struct recent *recent, uint64_t since_ns)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	recent_write_all(recent, out, since_ns);
	fclose(out);
	return text;
}

static int lasting_of(const struct recent *recent)
{
	char *text = all_of(recent, UINT64_MAX);
	int nr = count_of(text, "\"ongoing\":true");

	free(text);
	return nr;
}

static void stalls_that_last(void **state)
{
	struct stall_record stall = { .ongoing = true, .turn = "7-1", .delayed_events = -1 };
	struct withdrawn_record withdrawn = { .turn = "7-1" };
	struct recent *recent;
	char *text;

	(void)state;
	assert_int_equal(recent_new(&recent), 0);
	/* each has its last report */
	recent_stall(recent, &stall);
	stall.duration_ns = 77777;
	recent_stall(recent, &stall);
	text = all_of(recent, UINT64_MAX);
	assert_int_equal(count_of(text, "\n"), 1);
	assert_non_null(strstr(text, "77777"));
	free(text);
	recent_withdrawn(recent, &withdrawn);
	assert_int_equal(lasting_of(recent), 0);
	/* one that ends lasts no more */
	recent_stall(recent, &stall);
	stall.ongoing = false;
	recent_stall(recent, &stall);
	assert_int_equal(lasting_of(recent), 0);
	text = all_of(recent, 0);
	assert_int_equal(count_of(text, "\n"), 1);
	free(text);
	recent_free(recent);
}

static void lasting_turn(struct recent *recent, int number, bool ongoing)
{
	struct stall_record stall = { .ongoing = ongoing, .delayed_events = -1 };

	snprintf(stall.turn, sizeof(stall.turn), "8-%d", number);
	recent_stall(recent, &stall);
}

/* There are no more than so many, and it is known how many more last. */
static void more_stalls_that_last_than_fit(void **state)
{
	struct withdrawn_record withdrawn = { .turn = "8-66" };
	struct recent *recent;

	(void)state;
	assert_int_equal(recent_new(&recent), 0);
	for (int report = 0; report < 3; report++) {
		for (int i = 0; i < 2 * LASTING_MAX; i++)
			lasting_turn(recent, i, true);
		assert_int_equal(lasting_of(recent), LASTING_MAX);
		assert_int_equal(recent_more_lasting(recent), LASTING_MAX);
	}
	/* those end */
	lasting_turn(recent, 64, false);
	lasting_turn(recent, 65, false);
	recent_withdrawn(recent, &withdrawn);
	assert_int_equal(recent_more_lasting(recent), LASTING_MAX - 3);
	/* whose place another one takes */
	lasting_turn(recent, 0, false);
	lasting_turn(recent, 2 * LASTING_MAX - 1, true);
	assert_int_equal(lasting_of(recent), LASTING_MAX);
	assert_int_equal(recent_more_lasting(recent), LASTING_MAX - 4);
	for (int i = 0; i < 2 * MORE_LASTING_MAX; i++)
		lasting_turn(recent, i, true);
	assert_int_equal(recent_more_lasting(recent), MORE_LASTING_MAX);
	for (int i = 0; i < 2 * MORE_LASTING_MAX; i++)
		lasting_turn(recent, i, false);
	assert_int_equal(lasting_of(recent), 0);
	assert_int_equal(recent_more_lasting(recent), 0);
	recent_free(recent);
}

static void large_stalls_that_last_have_a_bound(void **state)
{
	char *name = calloc(1, 100001);
	struct slice slice = { .cause = CAUSE_SLEEP, .syscall = memset(name, 'a', 100000) };
	struct stall_record stall = {
		.ongoing = true,
		.delayed_events = -1,
		.slices = { .v = &slice, .nr = 1 },
	};
	struct recent *recent;

	(void)state;
	assert_int_equal(recent_new(&recent), 0);
	for (int i = 0; i < LASTING_MAX; i++) {
		snprintf(stall.turn, sizeof(stall.turn), "8-%d", i);
		recent_stall(recent, &stall);
	}
	assert_in_range(lasting_of(recent), 1, LASTING_BYTES / 100000);
	assert_int_equal(lasting_of(recent) + (int)recent_more_lasting(recent), LASTING_MAX);
	recent_free(recent);
	free(name);
}

/* -- the hour -- */

struct kept {
	struct hour *hour;
	struct recent *recent;
	struct summary_record unseen; /* since the last recording */
	uint64_t now_ns; /* CLOCK_MONOTONIC, as the records have it */
	uint64_t time_ns; /* CLOCK_REALTIME then, however long the test takes */
};

static struct kept kept_new(void)
{
	struct kept kept = {
		.unseen = { .duration_ns = 60 * S, .command_status = -1 },
		.now_ns = 100000 * S,
		.time_ns = clock_read_ns(CLOCK_REALTIME),
	};

	assert_int_equal(hour_new(&kept.hour), 0);
	assert_int_equal(recent_new(&kept.recent), 0);
	hour_new_watch(kept.hour, NULL);
	return kept;
}

static void kept_free(struct kept *kept)
{
	hour_free(kept->hour);
	recent_free(kept->recent);
}

/* A second of a loop, so many before now. */
static void second(struct kept *kept, int loop, unsigned int before_s)
{
	const struct second_record record = {
		.mono_ns = kept->now_ns - before_s * S,
		.time_ns = kept->time_ns - before_s * S,
		.id = { .pid = 100 + loop,
			.tid = 100 + loop,
			.comm = "svc",
			.runtime = "asyncio",
			.loop = (uint64_t)loop },
		.turns = 3,
		.longest_ns = (uint64_t)before_s * MS,
		.idle_ns = S / 4,
		.ledger = { .cpu_ns = S / 4, .blocked_ns = S / 2 },
		.by_cause_ns = { [CAUSE_CPU] = S / 4, [CAUSE_SOCKET] = S / 2 },
		.buckets = { [2] = 3 },
	};

	hour_second(kept->hour, &record);
}

/* Since so many seconds ago; the caller frees. */
static char *hour_of(struct kept *kept, unsigned int seconds)
{
	const struct web_question question = {
		.kind = WEB_LAST,
		.since_ns = kept->time_ns - seconds * S,
	};
	const struct start_record start = {
		.mono_ns = kept->now_ns - 10000 * S,
		.time_ns = clock_read_ns(CLOCK_REALTIME) - 10000 * S,
		.version = "1",
		.host = "h",
		.threshold_ns = 100 * MS,
	};
	const struct hour_with with = { &start, kept->recent, &kept->unseen };
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(hour_write(kept->hour, out, &question, &with), 0);
	fclose(out);
	return text;
}

static int steps_of(struct kept *kept, unsigned int seconds)
{
	char *text = hour_of(kept, seconds);
	int nr = count_of(text, "\"type\":\"second\"");

	free(text);
	return nr;
}

static void seconds_become_steps(void **state)
{
	struct kept kept = kept_new();
	char *text;

	(void)state;
	/* eight seconds of two loops: two steps of four seconds each */
	for (unsigned int i = 8; i > 0; i--) {
		second(&kept, 1, i);
		second(&kept, 2, i);
		hour_tick(kept.hour, kept.now_ns - (i - 1) * S);
	}
	text = hour_of(&kept, 3600);
	/* the first tick ends a step, too */
	assert_in_range(count_of(text, "\"type\":\"second\""), 4, 6);
	/* nothing of them is lost or counted twice: 8 seconds of 3 turns, 2 loops */
	{
		int turns = 0;

		for (const char *at = text; (at = strstr(at, "\"turns\":")); at++)
			turns += atoi(at + strlen("\"turns\":"));
		assert_int_equal(turns, 2 * 8 * 3);
	}
	free(text);
	kept_free(&kept);
}

static void an_hour_of_many_loops_has_room(void **state)
{
	struct kept kept = kept_new();
	char *text;

	(void)state;
	for (unsigned int i = 3600; i > 0; i--) {
		for (int loop = 1; loop <= 60; loop++)
			second(&kept, loop, i);
		hour_tick(kept.hour, kept.now_ns - (i - 1) * S);
	}
	text = hour_of(&kept, 3600);
	assert_non_null(strstr(text, "\"seconds_ms\":0"));
	/* the longest is that of the first second: the beginning is there */
	assert_non_null(strstr(text, "\"longest_ns\":3600000000"));
	free(text);
	assert_in_range(steps_of(&kept, 3600), 60 * 80, 6100);
	assert_in_range(steps_of(&kept, 1800), 60 * 40, 3100);
	kept_free(&kept);
}

static void fine_steps_while_somebody_looks(void **state)
{
	struct kept kept = kept_new();
	uint64_t now_ns = kept.now_ns;

	(void)state;
	second(&kept, 1, 1);
	/* the first who looks gets what there is */
	assert_int_equal(steps_of(&kept, 10), 1);
	hour_tick(kept.hour, now_ns + S);
	second(&kept, 1, 0);
	hour_tick(kept.hour, now_ns + 4 * S);
	assert_int_equal(steps_of(&kept, 10), 2);
	/* nobody looks any more */
	hour_tick(kept.hour, now_ns + 60 * S);
	assert_int_equal(steps_of(&kept, 10), 2);
	kept_free(&kept);
}

static void blocks_that_match(void **state)
{
	static const struct frame frames[] = { PYTHON("mine", "/app/a.py", 1) },
				  others[] = { PYTHON("theirs", "/app/b.py", 2) };
	struct slice slices[] = {
		{ .cause = CAUSE_FILE, .ns = MS, .count = 1, .stack = stack_new(frames, 1, false) },
		{ .cause = CAUSE_FILE, .ns = MS, .count = 1, .stack = stack_new(others, 1, false) },
	};
	struct kept kept = kept_new();
	const struct blocked_record blocked = {
		.mono_ns = kept.now_ns,
		.id = { .pid = 1, .tid = 1, .comm = "svc", .loop = 1 },
		.slices = { .v = slices, .nr = 2 },
	};
	char reason[PATTERN_REASON_BYTES], *text;
	struct match *match;

	(void)state;
	hour_blocked(kept.hour, &blocked);
	assert_int_equal(match_new(&match, "mine", reason), 0);
	hour_new_watch(kept.hour, match);
	hour_blocked(kept.hour, &blocked);
	text = hour_of(&kept, 3600);
	assert_int_equal(count_of(text, "\"type\":\"blocked\""), 2);
	assert_int_equal(count_of(text, "theirs"), 1);
	free(text);
	kept_free(&kept);
	match_free(match);
	for (size_t i = 0; i < NR(slices); i++)
		stack_put(slices[i].stack);
}

static void what_has_no_room_is_said(void **state)
{
	struct kept kept = kept_new();
	char *text;

	(void)state;
	for (int i = 1; i <= WEB_STALLS_MAX; i++)
		add(kept.recent, i, 1);
	text = hour_of(&kept, 3600);
	assert_non_null(strstr(text, "\"stalls_ms\":0,"));
	free(text);
	add(kept.recent, 2000, 1);
	text = hour_of(&kept, 3600);
	assert_non_null(strstr(text, "\"stalls_ms\":1000,"));
	free(text);
	kept_free(&kept);
}

static void recorded(struct kept *kept, unsigned int before_s, struct name_count *lost)
{
	const struct summary_record summary = {
		.mono_ns = kept->now_ns - before_s * S,
		.time_ns = kept->time_ns - before_s * S,
		.duration_ns = 1800 * S,
		.lost = lost,
		.nr_lost = lost ? 1 : 0,
		.command_status = -1,
	};

	hour_recorded(kept->hour, &summary);
}

/* Since when, in seconds before now, it says what was not seen. */
static unsigned int unseen_since(struct kept *kept, const char *hour)
{
	const char *found = strstr(hour, "\"unseen_ms\":");

	assert_non_null(found);
	return (unsigned int)((kept->time_ns + S / 2 -
			       strtoull(found + strlen("\"unseen_ms\":"), NULL, 10) * MS) /
			      S);
}

/* Of the recordings of the hour, and the one that goes on. */
static void what_was_not_seen_is_said(void **state)
{
	struct name_count old = { loss_name(LOSS_SLICES_RING_FULL), 1000 },
			  lost = { loss_name(LOSS_SLICES_RING_FULL), 70 },
			  now = { loss_name(LOSS_SLICES_RING_FULL), 2 },
			  blind = { blind_name(BLIND_MEMORY_LATE), 3 };
	struct kept kept = kept_new();
	char *text, *data;
	size_t bytes;

	(void)state;
	text = hour_of(&kept, 3600);
	assert_in_range(unseen_since(&kept, text), 59, 60);
	assert_non_null(strstr(text, "\"lost\":{}"));
	free(text);
	recorded(&kept, 3605, &old);
	recorded(&kept, 1860, &lost);
	recorded(&kept, 60, NULL);
	kept.unseen.lost = &now;
	kept.unseen.blind = &blind;
	kept.unseen.nr_lost = kept.unseen.nr_blind = 1;
	for (unsigned int seconds = 10; seconds <= 3600; seconds += 3590) {
		text = hour_of(&kept, seconds);
		assert_in_range(unseen_since(&kept, text), 1860 + 1800 - 1, 1860 + 1800);
		assert_int_equal(pack(text, strlen(text), &data, &bytes), 0);
		assert_non_null(strstr(data, "\"lost\":[[\"slices (ring buffer full)\",72]]"));
		assert_non_null(strstr(data, "\"blind\":[[\"whose memory came too late; native "
					     "frames only\",3]]"));
		free(data);
		free(text);
	}
	kept_free(&kept);
}

/* -- the page's data of it -- */

static void lines_become_the_data_of_the_page(void **state)
{
	struct stall_record stall = {
		.turn = "101-9",
		.id = { .pid = 101,
			.tid = 101,
			.comm = "</script>",
			.runtime = "asyncio",
			.loop = 1 },
		.time_ns = clock_read_ns(CLOCK_REALTIME) - 5 * S,
		.duration_ns = S,
		.delayed_events = -1,
	};
	struct kept kept = kept_new();
	char *text, *data = NULL;
	size_t bytes = 0;

	(void)state;
	second(&kept, 1, 7);
	recent_stall(kept.recent, &stall);
	stall.ongoing = true;
	snprintf(stall.turn, sizeof(stall.turn), "101-10");
	recent_stall(kept.recent, &stall);
	text = hour_of(&kept, 3600);
	assert_int_equal(pack(text, strlen(text), &data, &bytes), 0);
	assert_int_equal(bytes, strlen(data));
	assert_ptr_equal(strstr(data, "{\"missing\":{\"stalls_ms\":0,"), data);
	assert_non_null(strstr(data, "\"page\":{\"packed\":1"));
	assert_non_null(strstr(data, "\"101-9\""));
	assert_non_null(strstr(data, "\"101-10\""));
	/* an hour, whatever came in it */
	assert_non_null(strstr(data, "\"length_ns\":36000"));
	assert_null(strchr(data, '<'));
	free(data);
	/* what is none of ours makes nothing */
	assert_int_equal(pack("ok\n", 3, &data, &bytes), -EBADMSG);
	assert_int_equal(pack("{}\n", 3, &data, &bytes), -EBADMSG);
	assert_int_equal(pack(text, strlen(text) - 5, &data, &bytes), -EBADMSG);
	assert_null(data);
	free(text);
	kept_free(&kept);
}

static void data_is_made_once_for_many(void **state)
{
	struct kept kept = kept_new();
	char *text = hour_of(&kept, 3600);
	FILE *file = tmpfile();
	struct last last = { 0 };
	const struct last_made *made;

	(void)state;
	assert_non_null(file);
	fputs(text, file);
	fflush(file);
	assert_null(last_find(&last, 3600));
	made = last_make(&last, 3600, fileno(file), strlen(text));
	assert_non_null(made);
	assert_non_null(strstr(made->text, "\"page\""));
	assert_true(made->until_ns > clock_now_ns() || !last_find(&last, 3600));
	assert_null(last_find(&last, 3599));
	/* one that fails leaves none behind, and nothing of the moments' */
	assert_non_null(last_make(&last, 10, fileno(file), strlen(text)));
	assert_null(last_make(&last, 3600, fileno(file), 3));
	assert_null(last_find(&last, 3600));
	assert_non_null(last.v[1].text);
	for (size_t i = 0; i < LAST_NR; i++)
		free(last.v[i].text);
	fclose(file);
	free(text);
	kept_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_made_once),
		cmocka_unit_test(what_is_a_token),
		cmocka_unit_test(the_last_stalls),
		cmocka_unit_test(large_stalls_take_the_room_of_many),
		cmocka_unit_test(stalls_that_last),
		cmocka_unit_test(more_stalls_that_last_than_fit),
		cmocka_unit_test(large_stalls_that_last_have_a_bound),
		cmocka_unit_test(seconds_become_steps),
		cmocka_unit_test(an_hour_of_many_loops_has_room),
		cmocka_unit_test(fine_steps_while_somebody_looks),
		cmocka_unit_test(blocks_that_match),
		cmocka_unit_test(what_has_no_room_is_said),
		cmocka_unit_test(what_was_not_seen_is_said),
		cmocka_unit_test(lines_become_the_data_of_the_page),
		cmocka_unit_test(data_is_made_once_for_many),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
