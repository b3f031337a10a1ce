// SPDX-License-Identifier: GPL-2.0-or-later
/* What the service keeps to answer with: its token, and the last stalls. */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_made_once),
		cmocka_unit_test(what_is_a_token),
		cmocka_unit_test(the_last_stalls),
		cmocka_unit_test(large_stalls_take_the_room_of_many),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
