// SPDX-License-Identifier: GPL-2.0
/*
 * host_name.bpf.c - the iterator that shows by which host name a process knows its
 * machine: that of its UTS namespace, which no file shows to those outside.
 */
#include "pids.h"
#include "abi.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

__weak volatile unsigned int named_tgid = 0; /* whose it is */

SEC("iter/task")
int host_name_task(struct bpf_iter__task *ctx)
{
	struct bp_host_name_snapshot snapshot = {};
	struct task_struct *task = ctx->task;
	const struct uts_namespace *uts;

	if (!task || task->flags & PF_KTHREAD || task->exit_state)
		return 0;
	snapshot.tid = task_tid(task);
	snapshot.tgid = task_tgid(task);
	if (!snapshot.tgid || snapshot.tgid != named_tgid)
		return 0;
	uts = BPF_CORE_READ(task, nsproxy, uts_ns);
	/* none: its last thread is on the way out */
	if (uts)
		bpf_core_read_str(snapshot.name, BP_HOST_NAME_LEN, &uts->name.nodename);
	bpf_seq_write(ctx->meta->seq, &snapshot, sizeof(snapshot));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
