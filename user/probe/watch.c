// SPDX-License-Identifier: GPL-2.0-or-later
/* watch.c - how user space has the kernel side watch processes and threads, and observe others. */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/observed.h"
#include "probe/probe.h"
#include "probe/probe_private.h"
#include "probe/tasks.h"

int probe_watch(struct probe *probe, pid_t pid, bool follow)
{
	struct bp_process_config config = { .watched = 1, .follow = follow };
	uint32_t key = pid;

	if (bpf_map_update_elem(bpf_map__fd(probe->skel->maps.processes), &key, &config, BPF_ANY))
		return -errno;
	return 0;
}

void probe_unwatch(struct probe *probe, pid_t pid)
{
	uint32_t key = pid;

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.processes), &key);
}

int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	int map = bpf_map__fd(probe->skel->maps.processes);
	struct bp_process_config config = {};
	uint32_t key = pid;

	/* a process of a whole watched system has no entry before its interpreter is known */
	if (bpf_map_lookup_elem(map, &key, &config) && !python)
		return 0;
	if (python)
		config.python = *python;
	else
		memset(&config.python, 0, sizeof(config.python));
	return bpf_map_update_elem(map, &key, &config, BPF_ANY) ? -errno : 0;
}

int probe_parks(struct probe *probe, pid_t pid, enum bp_parks parks)
{
	int map = bpf_map__fd(probe->skel->maps.processes);
	struct bp_process_config config = {};
	uint32_t key = pid;

	/* as above: it may have no entry */
	bpf_map_lookup_elem(map, &key, &config);
	config.parks = parks;
	return bpf_map_update_elem(map, &key, &config, BPF_ANY) ? -errno : 0;
}

int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind)
{
	uint32_t key = tid;

	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.binds), &key, bind, BPF_ANY)
		       ? -errno
		       : 0;
}

void probe_unbind(struct probe *probe, pid_t tid)
{
	uint32_t key = tid;

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.binds), &key);
}

/* -- iterators -- */

/* A process that has ended meanwhile is none to iterate over; anything else is counted. */
static int count_failure(struct probe *probe, int err)
{
	if (err && err != -ESRCH)
		probe->iterations_failed++;
	return err;
}

struct call {
	probe_watched_fn *fn; /* may be NULL */
	void *context;
};

static void on_snapshot(void *context, const void *snapshot)
{
	const struct call *call = context;

	if (call->fn)
		call->fn(call->context, snapshot);
}

static int iterate(struct probe *probe, pid_t pid, pid_t tid, struct call call)
{
	const struct tasks_query query = {
		.program = bpf_program__fd(probe->skel->progs.watch_task),
		.snapshot_bytes = sizeof(struct bp_watched_snapshot),
		.pid = pid,
		.tid = tid,
	};
	int err = tasks_iterate(&tasks_kernel, &query, on_snapshot, &call);

	return err == -ESRCH ? 0 : count_failure(probe, err);
}

int probe_iterate(struct probe *probe, probe_watched_fn *fn, void *context)
{
	return iterate(probe, 0, 0, (struct call){ fn, context });
}

int probe_iterate_process(struct probe *probe, pid_t pid, probe_watched_fn *fn, void *context)
{
	return iterate(probe, pid, 0, (struct call){ fn, context });
}

int probe_iterate_thread(struct probe *probe, pid_t tid, probe_watched_fn *fn, void *context)
{
	return iterate(probe, 0, tid, (struct call){ fn, context });
}

int probe_observe_process(struct probe *probe, pid_t pid, probe_observed_fn *fn, void *context)
{
	return count_failure(probe, observed_iterate(probe->skel, pid, 0, fn, context));
}

int probe_observe_thread(struct probe *probe, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context)
{
	return count_failure(probe, observed_iterate(probe->skel, pid, tid, fn, context));
}

int probe_syncers(struct probe *probe, uint32_t dev, probe_syncer_fn *fn, void *context)
{
	return count_failure(probe, observed_syncers(probe->skel, dev, fn, context));
}

int probe_observed_add(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	return observed_add(probe->skel, pid, python);
}

void probe_observed_clear(struct probe *probe)
{
	observed_clear(probe->skel);
}

void probe_observed_fd(struct probe *probe, pid_t tid, int fd)
{
	observed_fd(probe->skel, tid, fd);
}
