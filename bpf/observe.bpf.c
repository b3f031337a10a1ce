// SPDX-License-Identifier: GPL-2.0
/*
 * suspect.bpf.c - a look at the threads of a process that an old turn waits
 * for. It is not watched: nothing is kept of it, and no event of it is seen
 * but CPU ticks (sample.bpf.c).
 */
#include "capture.h"

/* One look at a time, and too large for the stack. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bp_observed_snapshot);
} observed_snapshot SEC(".maps");

/* An int, or newer (7.2 has it) a byte: its lowest byte is read in any case. */
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
	struct bp_observed_snapshot *info;
	u32 zero = 0, state, tid;
	int *fd;
	long bytes;

	if (!task || task_tgid(task) != observed_tgid || task->flags & PF_KTHREAD ||
	    task->exit_state)
		return 0;
	info = bpf_map_lookup_elem(&observed_snapshot, &zero);
	if (!info)
		return 0;
	tid = task_tid(task);
	state = task_state(task);
	info->tid = tid;
	info->tgid = observed_tgid;
	info->state = state ? BP_BLOCKED : BP_RUNNING;
	info->time_ns = bpf_ktime_get_ns();
	info->switches = task->nvcsw + task->nivcsw;
	info->ran_ns = task->se.sum_exec_runtime;
	info->queued_ns = task->sched_info.run_delay;
	info->sched_arrival_ns = task->sched_info.last_arrival;
	info->sched_ran_ns = info->ran_ns - task->se.prev_sum_exec_runtime;
	info->pthread = task_pthread(task);
	regs_copy(&info->regs, task_regs(task));
	info->on_cpu = task_is_on_cpu(task);
	block_read(&info->block, task, state, false);
	info->object.kind = BP_OBJECT_NONE;
	info->kernel_nr = 0;
	if (state) {
		object_read(&info->object, task, &info->block, false);
		fd = bpf_map_lookup_elem(&observed_fds, &tid);
		if (fd)
			object_fd(&info->object, task, *fd);
		bytes = bpf_get_task_stack(task, info->kernel, sizeof(info->kernel), 0);
		if (bytes > 0)
			info->kernel_nr = bytes / 8;
	}
	BPF_CORE_READ_STR_INTO(&info->comm, task, comm);
	bpf_seq_write(ctx->meta->seq, info, sizeof(*info));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
