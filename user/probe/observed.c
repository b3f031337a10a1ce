// SPDX-License-Identifier: GPL-2.0-or-later
/* observed.c - the maps and variables by which the kernel side learns whom to observe. */
#include "probe/observed.h"

#include <errno.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "blockprof.skel.h"
#include "probe/tasks.h"

struct call {
	observed_fn *fn;
	void *context;
};

static void on_snapshot(void *context, const void *snapshot)
{
	const struct call *call = context;

	call->fn(call->context, snapshot);
}

int observed_iterate(struct blockprof_bpf *skel, pid_t pid, pid_t tid, observed_fn *fn,
		     void *context)
{
	const struct tasks_query query = {
		.program = bpf_program__fd(skel->progs.observe_task),
		.snapshot_bytes = sizeof(struct bp_observed_snapshot),
		.pid = pid,
		.tid = tid,
	};
	struct call call = { fn, context };

	/* where the kernel goes through all tasks, that is all that is done for the others' */
	skel->bss->observed_tgid = pid;
	return tasks_iterate(&tasks_kernel, &query, on_snapshot, &call);
}

struct sync_call {
	syncer_fn *fn;
	void *context;
};

static void on_syncer(void *context, const void *snapshot)
{
	const struct sync_call *call = context;

	call->fn(call->context, snapshot);
}

int observed_syncers(struct blockprof_bpf *skel, uint32_t dev, syncer_fn *fn, void *context)
{
	const struct tasks_query query = {
		.program = bpf_program__fd(skel->progs.sync_task),
		.snapshot_bytes = sizeof(struct bp_sync_snapshot),
	};
	struct sync_call call = { fn, context };

	skel->bss->sync_dev = dev;
	return tasks_iterate(&tasks_kernel, &query, on_syncer, &call);
}

int observed_add(struct blockprof_bpf *skel, pid_t pid, const struct bp_python *python)
{
	static const struct bp_python none;
	uint32_t key = pid;

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.observed), &key, python ? python : &none,
				BPF_ANY))
		return -errno;
	skel->bss->observing = 1;
	return 0;
}

void observed_clear(struct blockprof_bpf *skel)
{
	int map = bpf_map__fd(skel->maps.observed);
	uint32_t key;

	skel->bss->observing = 0;
	while (!bpf_map_get_next_key(map, NULL, &key))
		if (bpf_map_delete_elem(map, &key))
			break;
}

void observed_fd(struct blockprof_bpf *skel, pid_t tid, int fd)
{
	int map = bpf_map__fd(skel->maps.observed_fds);
	uint32_t key = tid;

	if (fd < 0)
		bpf_map_delete_elem(map, &key);
	else
		bpf_map_update_elem(map, &key, &fd, BPF_ANY);
}
