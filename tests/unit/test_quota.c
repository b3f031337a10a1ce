// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose CPU quota holds a process back: the files of both versions of cgroups. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/quota.h"

#define MS 1000000ull

static char root[64];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/blockprof-test-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void group(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(mkdir(full, 0700), 0);
}

static void file(const char *path, const char *text)
{
	char full[256];
	FILE *out;

	snprintf(full, sizeof(full), "%s%s", root, path);
	out = fopen(full, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void assert_found(int version, const char *path, const char *expected, uint64_t quota_ms,
			 uint64_t period_ms)
{
	struct quota quota;

	assert_int_equal(quota_find_in(root, version, path, &quota), 0);
	assert_string_equal(quota.path, expected);
	assert_int_equal(quota.quota_ns, quota_ms * MS);
	assert_int_equal(quota.period_ns, period_ms * MS);
	free(quota.path);
}

static void assert_none(int version, const char *path)
{
	struct quota quota;

	assert_int_equal(quota_find_in(root, version, path, &quota), -ENOENT);
}

static void unified(void **state)
{
	(void)state;
	group("/a");
	group("/a/b");
	group("/a/b/c");
	file("/a/cpu.max", "20000 100000\n");
	file("/a/cpu.stat", "usage_usec 9\nnr_periods 4\nnr_throttled 3\nthrottled_usec 5\n");
	file("/a/b/cpu.max", "max 100000\n");
	file("/a/b/cpu.stat", "nr_throttled 0\n");
	assert_found(2, "/a/b/c", "/a", 20, 100);
	/* one that never was throttled has held nobody back */
	file("/a/b/cpu.max", "90000 50000\n");
	assert_found(2, "/a/b/c", "/a", 20, 100);
	file("/a/b/cpu.stat", "nr_throttled 1\n");
	assert_found(2, "/a/b/c", "/a/b", 90, 50);
	assert_none(1, "/a/b/c");
	assert_none(2, "/gone/since");
	assert_none(2, "/");
	assert_none(2, "");
}

static void memory_high(void **state)
{
	struct quota limit = { 0 };

	(void)state;
	group("/m");
	group("/m/in");
	file("/m/memory.high", "67108864\n");
	file("/m/memory.events", "low 0\nhigh 12\nmax 0\noom 0\n");
	file("/m/in/memory.high", "max\n");
	file("/m/in/memory.events", "low 0\nhigh 12\nmax 0\n");
	assert_int_equal(memory_high_find_in(root, "/m/in", &limit), 0);
	assert_string_equal(limit.path, "/m");
	assert_int_equal(limit.period_ns, 0);
	free(limit.path);
	file("/m/memory.events", "low 0\nhigh 0\nhighest 9\n");
	assert_int_equal(memory_high_find_in(root, "/m/in", &limit), -ENOENT);
}

static void version_one(void **state)
{
	(void)state;
	group("/v1");
	group("/v1/in");
	file("/v1/cpu.cfs_quota_us", "30000\n");
	file("/v1/cpu.cfs_period_us", "100000\n");
	file("/v1/cpu.stat", "nr_periods 7\nnr_throttled 7\nthrottled_time 5\n");
	file("/v1/in/cpu.cfs_quota_us", "-1\n");
	file("/v1/in/cpu.cfs_period_us", "100000\n");
	assert_found(1, "/v1/in", "/v1", 30, 100);
	file("/v1/cpu.stat", "nonsense");
	assert_none(1, "/v1/in");
}

static void of_a_process(void **state)
{
	struct quota quota;

	(void)state;
	assert_int_equal(quota_find(0x7ffffff0, &quota), -ENOENT);
	assert_null(quota.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unified),
		cmocka_unit_test(memory_high),
		cmocka_unit_test(version_one),
		cmocka_unit_test(of_a_process),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
