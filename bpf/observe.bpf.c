// SPDX-License-Identifier: GPL-2.0
/*
 * observe.bpf.c - the iterator over threads of one process that need not be
 * watched: an old turn waits for it, or it is dumped. Nothing is kept of it, and
 * of its events only CPU ticks are seen (sample.bpf.c).
 */
#include "capture.h"

/* Too large for the stack; one iteration runs at a time. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bp_observed_snapshot);
} observed_snapshot SEC(".maps");

/* An int; in newer kernels (7.2) a byte. Its lowest byte is read in any case. */
static __always_inline bool task_is_on_cpu(struct task_struct *task)
{
	u8 on_cpu = 1;

	if (bpf_core_field_exists(task->on_cpu))
		bpf_core_read(&on_cpu, sizeof(on_cpu), &task->on_cpu);
	return on_cpu;
}

SEC("iter/task")
int observe_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bp_observed_snapshot *snapshot;
	u32 zero = 0, state, tid;
	int *fd;
	long bytes;

	if (!task || task_tgid(task) != observed_tgid || task->flags & PF_KTHREAD ||
	    task->exit_state)
		return 0;
	snapshot = bpf_map_lookup_elem(&observed_snapshot, &zero);
	if (!snapshot)
		return 0;
	tid = task_tid(task);
	state = task_state(task);
	snapshot->tid = tid;
	snapshot->tgid = observed_tgid;
	snapshot->state = state ? BP_BLOCKED : BP_RUNNING;
	snapshot->time_ns = bpf_ktime_get_ns();
	snapshot->switches = task->nvcsw + task->nivcsw;
	snapshot->ran_ns = task->se.sum_exec_runtime;
	snapshot->queued_ns = task->sched_info.run_delay;
	snapshot->sched_arrival_ns = task->sched_info.last_arrival;
	snapshot->sched_ran_ns = snapshot->ran_ns - task->se.prev_sum_exec_runtime;
	snapshot->pthread = task_pthread(task);
	regs_copy(&snapshot->regs, task_regs(task));
	snapshot->on_cpu = task_is_on_cpu(task);
	block_read(&snapshot->block, task, state, false);
	snapshot->object.kind = BP_OBJECT_NONE;
	snapshot->kernel_nr = 0;
	if (state) {
		object_read(&snapshot->object, task, &snapshot->block, false);
		/* of two descriptors: a file is waited for in state D, pipes and sockets never are */
		if (snapshot->block.flags & BP_BLOCK_DISK &&
		    snapshot->object.kind != BP_OBJECT_FILE)
			object_second(&snapshot->object, task, &snapshot->block);
		fd = bpf_map_lookup_elem(&observed_fds, &tid);
		if (fd)
			object_fd(&snapshot->object, task, *fd);
		bytes = bpf_get_task_stack(task, snapshot->kernel, sizeof(snapshot->kernel), 0);
		if (bytes > 0)
			snapshot->kernel_nr = bytes / 8;
	}
	BPF_CORE_READ_STR_INTO(&snapshot->comm, task, comm);
	bpf_seq_write(ctx->meta->seq, snapshot, sizeof(*snapshot));
	return 0;
}

/* Who is blocked in writing out a file of the file system sync_dev, or all of them. */
SEC("iter/task")
int sync_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bp_sync_snapshot snapshot = {};
	const struct pt_regs *regs;
	struct file *file;
	u32 nr;
	u32 flags;

	if (!task || task->flags & PF_KTHREAD || task->exit_state ||
	    !(task_state(task) & TASK_UNINTERRUPTIBLE) || task_is_compat(task))
		return 0;
	regs = task_regs(task);
	nr = regs_syscall(regs);
	barrier_var(nr);
	if (nr >= BP_SYSCALLS)
		return 0;
	flags = syscall_flags[nr];
	if (!(flags & BP_SYSCALL_SYNC))
		return 0;
	if (flags & BP_SYSCALL_FD) {
		file = task_file(task, regs_arg(regs, 0));
		if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_dev) != sync_dev)
			return 0;
	}
	snapshot.tid = task_tid(task);
	snapshot.tgid = task_tgid(task);
	BPF_CORE_READ_STR_INTO(&snapshot.comm, task, comm);
	bpf_seq_write(ctx->meta->seq, &snapshot, sizeof(snapshot));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
