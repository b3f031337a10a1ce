// SPDX-License-Identifier: GPL-2.0
/*
 * watch.bpf.c - the iterator over watched threads: those that are new come under
 * watch, those that user space wants bound are bound, and of each a snapshot is written.
 */
#include "bind.h"

/* Beside what is called from here it is too large for the stack; one iteration runs at a time. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bp_watched_snapshot);
} watched_snapshot SEC(".maps");

SEC("iter/task")
int watch_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bp_watched_snapshot *snapshot;
	struct thread *thread;
	struct bp_slot *slot;
	struct bp_process_config *config;
	struct bp_bind *bind;
	u32 tid, tgid, zero = 0;
	u64 now;

	if (!task || task->flags & PF_KTHREAD || task->exit_state)
		return 0;
	if (pid_nested && !pid_namespace_addr)
		pids_find_own(bpf_get_current_task_btf());
	if (!armed)
		return 0;
	tid = task_tid(task);
	tgid = task_tgid(task);
	if (tid != own_tid && !tgid_is_watched(tgid)) {
		/* it became a program that is not wanted */
		if (filtered && thread_of(task))
			bpf_task_storage_delete(&threads, task);
		return 0;
	}
	now = bpf_ktime_get_ns();
	thread = thread_watch(task, now);
	if (!thread)
		return 0;
	config = bpf_map_lookup_elem(&processes, &tgid);
	if (config && config->parks && !thread->parks) {
		thread->parks = config->parks;
		if (thread->state == BP_BLOCKED)
			block_read(&thread->block, task, task_state(task), thread->parks);
	}
	bind = bpf_map_lookup_elem(&binds, &tid);
	if (bind) {
		thread_bind(thread, task, bind);
		bpf_map_delete_elem(&binds, &tid);
	}
	snapshot = bpf_map_lookup_elem(&watched_snapshot, &zero);
	if (!snapshot)
		return 0;
	slot = slot_of(thread);
	snapshot->tid = tid;
	snapshot->tgid = tgid;
	snapshot->slot = thread->slot;
	snapshot->own = thread->own;
	snapshot->before = thread->before;
	snapshot->time_ns = now;
	snapshot->state = slot ? slot->state : thread->state;
	snapshot->since_ns = slot ? slot->since_ns : thread->since_ns;
	snapshot->sched_arrival_ns = task->sched_info.last_arrival;
	snapshot->sched_ran_ns = since(task->se.sum_exec_runtime, task->se.prev_sum_exec_runtime);
	snapshot->pthread = task_pthread(task);
	snapshot->sleeps = task->nvcsw;
	snapshot->sp = regs_sp(task_regs(task));
	snapshot->block = thread->block;
	BPF_CORE_READ_STR_INTO(&snapshot->comm, task, comm);
	bpf_seq_write(ctx->meta->seq, snapshot, sizeof(*snapshot));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
