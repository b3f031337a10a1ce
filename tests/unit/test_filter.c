// SPDX-License-Identifier: GPL-2.0-or-later
/* Which processes of the system are picked by comm, unit and cgroup. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stall/loops/filter.h"

#define V2 "0::/system.slice/nginx.service/workers\n"
#define V1 \
	"5:cpu,cpuacct:/batch\n4:memory:/big/job\n1:name=systemd:/system.slice/_a.service\n0::/\n"
#define USER "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n"

static struct filter *filter_of(enum filter_kind kind, const char *text)
{
	struct filter *filter;
	char reason[128] = "";

	assert_int_equal(filter_new(&filter), 0);
	assert_int_equal(filter_add(filter, kind, text, reason, sizeof(reason)), 0);
	return filter;
}

static const struct case_of_one {
	enum filter_kind kind;
	const char *text;
	const char *comm;
	const char *cgroups;
	bool wanted;
} cases[] = {
	{ FILTER_COMM, "nginx", "nginx", V2, true },
	{ FILTER_COMM, "gin", "nginx", V2, true },
	{ FILTER_COMM, "^gin", "nginx", V2, false },
	{ FILTER_COMM, "^(redis|nginx)$", "nginx", V2, true },
	{ FILTER_COMM, "^python3?\\.?[0-9]*$", "python3.11", V2, true },
	{ FILTER_COMM, "a+b", "xaab", V2, true },
	{ FILTER_COMM, "nginx", "NGINX", V2, false },
	{ FILTER_UNIT, "nginx.service", "x", V2, true },
	{ FILTER_UNIT, "nginx", "x", V2, true },
	{ FILTER_UNIT, "ngin", "x", V2, false },
	{ FILTER_UNIT, "workers", "x", V2, true },
	{ FILTER_UNIT, "system.slice", "x", V2, true },
	{ FILTER_UNIT, "system", "x", V2, false },
	{ FILTER_UNIT, "a", "x", V1, true },
	{ FILTER_UNIT, "a.service", "x", V1, true },
	{ FILTER_UNIT, "web", "x", USER, true },
	{ FILTER_UNIT, "user@1000.service", "x", USER, true },
	{ FILTER_UNIT, "user@1001.service", "x", USER, false },
	{ FILTER_CGROUP, "/system.slice", "x", V2, true },
	{ FILTER_CGROUP, "/system.slice/", "x", V2, true },
	{ FILTER_CGROUP, "system.slice/nginx.service", "x", V2, true },
	{ FILTER_CGROUP, "/system.slice/nginx", "x", V2, false },
	{ FILTER_CGROUP, "/system.slice/nginx.service/workers/more", "x", V2, false },
	{ FILTER_CGROUP, "/", "x", V2, true },
	{ FILTER_CGROUP, "/sys/fs/cgroup", "x", V2, true },
	{ FILTER_CGROUP, "/sys/fs/cgroupx", "x", V2, false },
	{ FILTER_CGROUP, "/batch", "x", V1, true },
	{ FILTER_CGROUP, "/big", "x", V1, true },
	{ FILTER_CGROUP, "/bat", "x", V1, false },
	{ FILTER_CGROUP, "/user.slice", "x", "0::/user.slice (deleted)\n", true },
	{ FILTER_CGROUP, "/user.slice", "x", "", false },
	{ FILTER_UNIT, "nginx", "x", "no lines of it", false },
};

static void test_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct case_of_one *c = &cases[i];
		struct filter *filter = filter_of(c->kind, c->text);

		if (filter_matches(filter, c->comm, c->cgroups) != c->wanted)
			fail_msg("%d '%s' on %s, %s: not %d", c->kind, c->text, c->comm, c->cgroups,
				 c->wanted);
		filter_free(filter);
	}
}

/* Any of a kind, but every kind. */
static void test_several(void **state)
{
	struct filter *filter = filter_of(FILTER_COMM, "^nginx$");
	char reason[128];

	(void)state;
	filter_add(filter, FILTER_COMM, "^redis", reason, sizeof(reason));
	assert_true(filter_matches(filter, "redis-server", V1));
	assert_true(filter_matches(filter, "nginx", V1));
	filter_add(filter, FILTER_UNIT, "nginx", reason, sizeof(reason));
	filter_add(filter, FILTER_UNIT, "a", reason, sizeof(reason));
	assert_true(filter_matches(filter, "redis-server", V1));
	assert_true(filter_matches(filter, "redis-server", V2));
	assert_false(filter_matches(filter, "redis-server", USER));
	assert_false(filter_matches(filter, "python3", V2));
	assert_string_equal(filter_text(filter, FILTER_COMM, 1), "^redis");
	assert_null(filter_text(filter, FILTER_COMM, 2));
	assert_null(filter_text(filter, FILTER_CGROUP, 0));
	filter_free(filter);
}

static void test_none(void **state)
{
	struct filter *filter;

	(void)state;
	assert_int_equal(filter_new(&filter), 0);
	assert_true(filter_is_empty(filter));
	assert_true(filter_is_empty(NULL));
	assert_null(filter_text(NULL, FILTER_COMM, 0));
	assert_true(filter_matches(filter, "x", V2));
	assert_true(filter_matches(NULL, "x", V2));
	filter_free(filter);
	filter_free(NULL);
}

static void test_wrong(void **state)
{
	static const struct {
		enum filter_kind kind;
		const char *text;
	} wrong[] = {
		{ FILTER_COMM, "(" },
		{ FILTER_COMM, "[a" },
		{ FILTER_COMM, "" },
		{ FILTER_UNIT, "" },
		{ FILTER_UNIT, "system.slice/nginx.service" },
		{ FILTER_CGROUP, "" },
	};
	struct filter *filter;
	char reason[128];

	(void)state;
	assert_int_equal(filter_new(&filter), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		reason[0] = 0;
		assert_int_equal(
			filter_add(filter, wrong[i].kind, wrong[i].text, reason, sizeof(reason)),
			-EINVAL);
		assert_true(strlen(reason) > 0);
	}
	assert_true(filter_is_empty(filter));
	filter_free(filter);
}

static void test_own(void **state)
{
	struct filter *filter = filter_of(FILTER_COMM, "test_filter");

	(void)state;
	assert_true(filter_matches_process(filter, getpid()));
	assert_false(filter_matches_process(filter, 0x7fffffff));
	filter_free(filter);
	filter = filter_of(FILTER_CGROUP, "/");
	assert_true(filter_matches_process(filter, getpid()));
	assert_false(filter_matches_process(filter, 0x7fffffff));
	filter_free(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),  cmocka_unit_test(test_several),
		cmocka_unit_test(test_none), cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
