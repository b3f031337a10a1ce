// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * discover.c - which processes are watched: those that the user named, or all,
 * or those of all that a filter wants; and what they fork.
 *
 * A filter is asked when blockprof starts and at each exec. What a wanted
 * process forks is wanted, too, until it executes a program of its own.
 */
#include "stall/loops/discover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/namer.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "proc/procfs.h"
#include "stall/loops/filter.h"
#include "stall/loops/scan.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define CHILDREN_MAX  256 /* of a process that are followed from the start */
#define DEPTH_MAX     32 /* generations of them */
#define PASSES_MAX    8
#define PROCESSES_MAX 4194304 /* PID_MAX_LIMIT */

/* A copy of its parent is not worth a look before it has had time to do something. */
#define FORK_LOOK_NS (50 * NS_PER_MS)
/* Of all programs of the system most have come to their work, or their end, by then. */
#define EXEC_LOOK_NS (30 * NS_PER_MS)

/* A process comes under watch, with what it forks from now on. 0 or -errno. */
static int take(struct engine *engine, pid_t pid, uint64_t now_ns)
{
	struct watched *watched = watched_add(engine->watched, pid, now_ns);

	if (!watched)
		return -ENOMEM;
	watched_identify(watched);
	scan_soon(engine, watched);
	return probe_watch(engine->probe, pid, true);
}

/* -- those that the user named -- */

/* Those that are there already; later ones are seen as they are forked. */
static int take_children(struct engine *engine, pid_t pid, unsigned int depth)
{
	pid_t children[CHILDREN_MAX];
	int nr = process_children(pid, children, CHILDREN_MAX), err = 0;

	for (int i = 0; i < nr && !err && depth < DEPTH_MAX; i++) {
		if (watched_find(engine->watched, children[i]))
			continue;
		err = take(engine, children[i], probe_now_ns());
		if (!err)
			err = take_children(engine, children[i], depth + 1);
	}
	return err;
}

int discover_asked(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_add(engine->watched, pid, probe_now_ns());
	int err;

	if (!watched)
		return -ENOMEM;
	watched->asked_for = true;
	watched_identify(watched);
	scan_soon(engine, watched);
	err = probe_watch(engine->probe, pid, engine->options.follow);
	return err || !engine->options.follow ? err : take_children(engine, pid, 0);
}

/* -- those that a filter wants -- */

/* One look through /proc; *found: how many came under watch. */
static int pass(struct engine *engine, size_t *found)
{
	DIR *processes __closing_dir = procfs_opendir(0, NULL);
	uint64_t now_ns = probe_now_ns();

	*found = 0;
	if (!processes)
		return -errno;
	for (int i = 0; i < PROCESSES_MAX; i++) {
		int err, pid = procfs_next_number(processes);

		if (pid < 0)
			break;
		if (watched_find(engine->watched, pid) || pid == getpid() ||
		    !filter_matches_process(engine->options.filter, pid))
			continue;
		err = take(engine, pid, now_ns);
		if (err == -ENOMEM)
			return err;
		if (err)
			engine->lost[LOSS_PROCESSES_UNWATCHED]++;
		(*found)++;
	}
	return 0;
}

/*
 * What a process forks between the reading of its directory entry and its being
 * watched may stand before the place that was read: the next pass finds it.
 */
int discover_all(struct engine *engine)
{
	size_t found = 1;
	int err = 0;

	if (!engine->options.filter)
		return 0;
	for (int i = 0; i < PASSES_MAX && found && !err; i++)
		err = pass(engine, &found);
	return err;
}

/* -- what becomes of them -- */

/* Of a process that has ended before it could be read, what the kernel side saw is known. */
static void identify(struct watched *watched, const struct bp_process *record)
{
	memcpy(watched->comm, record->comm, sizeof(watched->comm));
	watched->comm[sizeof(watched->comm) - 1] = '\0';
	watched_identify(watched);
}

static void on_fork(struct engine *engine, const struct bp_process *record)
{
	pid_t pid = record->header.tgid;
	struct watched *watched = watched_find(engine->watched, pid);

	/* the end of one that had this number was lost */
	if (watched) {
		watched_renew(watched, record->header.time_ns);
		namer_forget(engine->namer, pid);
	} else {
		watched = watched_add(engine->watched, pid, record->header.time_ns);
	}
	if (!watched)
		return;
	watched->forked_ns = record->header.time_ns;
	identify(watched, record);
	watched_postpone(watched, record->header.time_ns + FORK_LOOK_NS);
	scan_soon(engine, watched);
}

static void drop(struct engine *engine, pid_t pid)
{
	probe_unwatch(engine->probe, pid);
	watched_remove(engine->watched, pid);
	probe_iterate_process(engine->probe, pid, NULL, NULL);
}

static void exec_at(struct engine *engine, pid_t pid, uint64_t now_ns,
		    const struct bp_process *record)
{
	struct watched *watched = watched_find(engine->watched, pid);

	namer_forget(engine->namer, pid);
	if (engine->options.filter && !filter_matches_process(engine->options.filter, pid)) {
		if (watched)
			drop(engine, pid);
		return;
	}
	if (watched) {
		watched_renew(watched, now_ns);
		if (record)
			identify(watched, record);
		else
			watched_identify(watched);
		if (engine->options.whole_system)
			watched_postpone(watched, now_ns + EXEC_LOOK_NS);
		scan_soon(engine, watched);
	} else if (engine->options.filter) {
		/* threads that are not gone through do not come under watch */
		if (take(engine, pid, now_ns) ||
		    probe_iterate_process(engine->probe, pid, NULL, NULL))
			engine->lost[LOSS_PROCESSES_UNWATCHED]++;
	}
}

static void on_exec(struct engine *engine, const struct bp_process *record)
{
	exec_at(engine, record->header.tgid, record->header.time_ns, record);
}

void discover_other(struct engine *engine, pid_t pid)
{
	exec_at(engine, pid, probe_now_ns(), NULL);
}

static void end(struct engine *engine, const struct exit_record *exited)
{
	struct watched *watched = watched_find(engine->watched, exited->pid);

	if (watched)
		engine->sink.exit(engine->sink.context, exited, watched->asked_for);
	watched_remove(engine->watched, exited->pid);
	namer_forget(engine->namer, exited->pid);
}

static void on_exit(struct engine *engine, const struct bp_process *record)
{
	const struct exit_record exited = {
		.mono_ns = record->header.time_ns,
		.pid = record->header.tgid,
		.status = record->status,
	};

	if (record->last)
		end(engine, &exited);
}

void discover_gone(struct engine *engine, pid_t pid)
{
	const struct exit_record exited = {
		.mono_ns = probe_now_ns(),
		.pid = pid,
		.status = EXIT_STATUS_UNKNOWN,
	};

	end(engine, &exited);
}

void discover_process(struct engine *engine, const struct bp_process *record)
{
	switch (record->header.type) {
	case BP_RECORD_FORK:
		on_fork(engine, record);
		break;
	case BP_RECORD_EXEC:
		on_exec(engine, record);
		break;
	case BP_RECORD_EXIT:
		on_exit(engine, record);
	}
}
