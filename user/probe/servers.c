// SPDX-License-Identifier: GPL-2.0-or-later
/* servers.c - who of all the machine waits for one source, and when there is nobody else to ask about. */
#include <errno.h>

#include "probe/probe.h"
#include "probe/probe_private.h"
#include "probe/tasks.h"

struct call {
	probe_server_fn *fn;
	void *context;
	pid_t tid; /* whose loop it is */
	unsigned int references;
};

static void on_snapshot(void *context, const void *data)
{
	const struct bp_server_snapshot *snapshot = data;
	struct call *call = context;

	if ((pid_t)snapshot->tid == call->tid)
		call->references = snapshot->references;
	else if (call->fn && snapshot->waits)
		call->fn(call->context, (pid_t)snapshot->tgid, (pid_t)snapshot->tid);
}

int probe_servers(struct probe *probe, const struct bp_slot *slot, probe_server_fn *fn,
		  void *context)
{
	struct tasks_query query = {
		.program = bpf_program__fd(probe->skel->progs.serve_task),
		.snapshot_bytes = sizeof(struct bp_server_snapshot),
		.tid = (pid_t)slot->tid,
	};
	struct call call = { .context = context, .tid = (pid_t)slot->tid };
	int err;

	probe->skel->bss->asked_source = slot->source;
	probe->skel->bss->asked_tid = slot->tid;
	probe->skel->bss->asked_wait_class = slot->wait_class;
	probe->skel->bss->asked_wait_id = slot->wait_id;
	err = tasks_iterate(&tasks_kernel, &query, on_snapshot, &call);
	if (err)
		return err;
	if (call.references == 1)
		return -ENOENT;
	/* a process outside of our own pid namespace is not shown */
	if (probe->skel->rodata->pid_nested)
		return -EPERM;
	query.tid = 0;
	call.fn = fn;
	return tasks_iterate(&tasks_kernel, &query, on_snapshot, &call);
}
