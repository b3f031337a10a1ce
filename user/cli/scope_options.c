// SPDX-License-Identifier: GPL-2.0-or-later
/* scope_options.c - which values -p, -c, -u, -t, -d and --loop can have, and which of them go together. */
#include "cli/scope_options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/patterns.h"
#include "cli/message.h"
#include "cli/target.h"
#include "proc/process.h"
#include "stall/engine.h"
#include "stall/loops/filter.h"

#define THRESHOLD_NS (100 * NS_PER_MS)
#define THRESHOLD_MIN_NS \
	(100 * NS_PER_US) /* a few switches take longer: all turns would be stalls */
#define THRESHOLD_MAX_NS (3600 * NS_PER_SEC)

static int add_pid(struct scope *scope, const char *text)
{
	pid_t *grown;
	long pid;

	if (number_parse(text, 1, INT_MAX, &pid)) {
		message_error(
			"cannot watch '%s': that is no process id; give a number as ps shows it",
			text);
		return -EINVAL;
	}
	for (size_t i = 0; i < scope->nr_pids; i++)
		if (scope->pids[i] == pid)
			return 0;
	grown = realloc(scope->pids, (scope->nr_pids + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	scope->pids = grown;
	scope->pids[scope->nr_pids++] = pid;
	return 0;
}

static int add_pids(struct scope *scope, const char *list)
{
	char *copy = strdup(list), *rest = copy, *text;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = strsep(&rest, ",")))
		err = add_pid(scope, text);
	free(copy);
	return err;
}

/* A time that an option takes. */
struct time_option {
	const char *what;
	uint64_t unit_ns; /* of a bare number */
	uint64_t min_ns;
	uint64_t max_ns;
	const char *range; /* the same in words */
};

static const struct time_option threshold_option = {
	"threshold", NS_PER_MS, THRESHOLD_MIN_NS, THRESHOLD_MAX_NS, "100us to 1h",
};
static const struct time_option duration_option = {
	"duration", NS_PER_SEC, 1, INT64_MAX / 2, "more than 0 and less than 100 years",
};

static int take_time(const struct time_option *option, const char *text, uint64_t *ns)
{
	int err = duration_parse(text, option->unit_ns, ns);

	if (err == -EINVAL) {
		message_error("cannot use '%s' as %s: that is no time; write it like 100ms, 1.5s "
			      "or 500us",
			      text, option->what);
		return -EINVAL;
	}
	if (err || *ns < option->min_ns || *ns > option->max_ns) {
		message_error("cannot use '%s' as %s: out of range; give %s", text, option->what,
			      option->range);
		return -EINVAL;
	}
	return 0;
}

/* TID:fd=N or TID:none */
static int add_override(struct scope *scope, const char *text)
{
	struct engine_override *grown;
	char *copy = strdup(text), *what = copy ? strchr(copy, ':') : NULL;
	long tid = 0, fd = -1;
	bool good = false;

	if (what) {
		*what++ = 0;
		good = !number_parse(copy, 1, INT_MAX, &tid) &&
		       (!strcmp(what, "none") ||
			(!strncmp(what, "fd=", 3) && !number_parse(what + 3, 0, INT_MAX, &fd)));
	}
	free(copy);
	if (!good) {
		message_error("cannot use --loop '%s': write TID:fd=N or TID:none", text);
		return -EINVAL;
	}
	grown = realloc(scope->overrides, (scope->nr_overrides + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	scope->overrides = grown;
	scope->overrides[scope->nr_overrides++] = (struct engine_override){ tid, fd };
	return 0;
}

static int add_filter(struct scope *scope, enum filter_kind kind, const char *option,
		      const char *text)
{
	char reason[PATTERN_REASON_BYTES] = "";
	int err = scope->filter ? 0 : filter_new(&scope->filter);

	if (!err)
		err = filter_add(scope->filter, kind, text, reason, sizeof(reason));
	if (err == -EINVAL)
		message_error("cannot use %s '%s': %s; see blockprof --help", option, text, reason);
	return err;
}

void scope_init(struct scope *scope)
{
	memset(scope, 0, sizeof(*scope));
	scope->threshold_ns = THRESHOLD_NS;
}

int scope_take(struct scope *scope, int option, const char *value)
{
	switch (option) {
	case 'p':
		return add_pids(scope, value);
	case 'c':
		return add_filter(scope, FILTER_COMM, "--comm", value);
	case 'u':
		return add_filter(scope, FILTER_UNIT, "--unit", value);
	case OPTION_CGROUP:
		return add_filter(scope, FILTER_CGROUP, "--cgroup", value);
	case 'f':
		scope->follow = true;
		return 0;
	case 't':
		return take_time(&threshold_option, value, &scope->threshold_ns);
	case 'd':
		return take_time(&duration_option, value, &scope->duration_ns);
	case OPTION_ALL_THREADS:
		scope->all_threads = true;
		return 0;
	case OPTION_LOOP:
		return add_override(scope, value);
	default:
		return USAGE_OTHER;
	}
}

int scope_finish(const struct scope *scope, bool command)
{
	if (command && scope->nr_pids) {
		message_error("-p and COMMAND do not go together; use one of them");
		return -EINVAL;
	}
	if (!filter_is_empty(scope->filter) && (command || scope->nr_pids)) {
		message_error("-c, -u and --cgroup pick from the whole system; use them without "
			      "-p and COMMAND");
		return -EINVAL;
	}
	return 0;
}

void scope_free(struct scope *scope)
{
	free(scope->pids);
	free(scope->overrides);
	filter_free(scope->filter);
}

/* 0 or -errno, with a message. */
static int check_target(pid_t pid)
{
	int err = target_check(pid, "watch");

	if (!err && process_is_stopped(pid))
		message_warn("process %d is stopped: its loops do nothing until it is continued",
			     pid);
	return err;
}

/* With a /proc of another pid namespace, a number would be that of another process. */
static int check_proc(void)
{
	char link[32];
	ssize_t nr = readlink("/proc/self", link, sizeof(link) - 1);
	long pid;

	if (nr > 0) {
		link[nr] = '\0';
		if (!number_parse(link, 1, INT_MAX, &pid) && pid == getpid())
			return 0;
	}
	message_error("cannot watch: /proc is not that of blockprof's pid namespace; mount that: "
		      "mount -t proc proc /proc, or unshare --mount-proc");
	return -EINVAL;
}

int scope_check(const struct scope *scope)
{
	int err = check_proc();

	for (size_t i = 0; i < scope->nr_pids && !err; i++)
		err = check_target(scope->pids[i]);
	return err;
}

void scope_report_failure(const struct session *session)
{
	if (session->reason[0])
		message_error("cannot watch: %s", session->reason);
}
