// SPDX-License-Identifier: GPL-2.0-or-later
/* host_name.c - how the kernel is asked for the host name that a process sees. */
#include <errno.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/probe_private.h"
#include "probe/tasks.h"

static void on_snapshot(void *context, const void *data)
{
	const struct bp_host_name_snapshot *snapshot = data;
	char *name = context;

	memcpy(name, snapshot->name, BP_HOST_NAME_LEN - 1);
	name[BP_HOST_NAME_LEN - 1] = '\0';
}

int probe_host_name(struct probe *probe, pid_t pid, char name[BP_HOST_NAME_LEN])
{
	const struct tasks_query query = {
		.program = bpf_program__fd(probe->skel->progs.host_name_task),
		.snapshot_bytes = sizeof(struct bp_host_name_snapshot),
		.pid = pid,
	};
	int err;

	name[0] = '\0';
	probe->skel->bss->named_tgid = (unsigned int)pid;
	err = tasks_iterate(&tasks_kernel, &query, on_snapshot, name);
	if (err)
		return err;
	return name[0] ? 0 : -ESRCH;
}
