// SPDX-License-Identifier: GPL-2.0
/* process.bpf.c - processes and threads that come, become another program, and go. */
#include "bind.h"

#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

static __always_inline void process_send(u32 type, u32 slot, struct task_struct *task, u32 parent,
					 u32 status, bool last, u64 now)
{
	struct bp_process *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		lose(BP_LOSS_PROCESS_RING);
		return;
	}
	header_fill(&record->header, type, slot, task_tid(task), task_tgid(task), now);
	record->parent_tgid = parent;
	record->status = status;
	record->last = last;
	BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
	/*
	 * Whoever reads is woken at once for a new program, which may end soon, and
	 * where a loop ends; the rest can wait for its next look.
	 */
	bpf_ringbuf_submit(record,
			   type == BP_RECORD_EXEC || slot != BP_NO_SLOT ? 0 : BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 parent_tgid = task_tgid(parent), tgid = task_tgid(child);
	struct bp_process_config *config;
	const struct thread *brother;
	struct thread *thread;
	u64 now;

	if (!armed || child->flags & PF_KTHREAD || !tgid_is_watched(parent_tgid))
		return 0;
	now = bpf_ktime_get_ns();
	if (tgid != parent_tgid) {
		config = bpf_map_lookup_elem(&processes, &parent_tgid);
		if (config && (config->follow || whole_system)) {
			/* what is known of the parent's interpreter is true of its copy */
			if (bpf_map_update_elem(&processes, &tgid, config, BPF_ANY))
				lose(BP_LOSS_PROCESSES);
		} else if (!whole_system) {
			return 0;
		}
		process_send(BP_RECORD_FORK, BP_NO_SLOT, child, parent_tgid, 0, false, now);
	}
	thread = thread_watch(child, now);
	if (!thread)
		return 0;
	/* not TASK_NEW, as which it is seen here: it is about to be woken */
	thread->state = BP_RUNNABLE;
	thread->before = 0;
	brother = thread_of(parent);
	thread->parks = brother && brother->parks;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct thread *thread = thread_of(task);
	struct bp_process_config *config;
	u32 tgid = task_tgid(task);
	u64 now;

	if (!armed)
		return 0;
	if (!thread && filtered && tgid && tgid != own_tgid) {
		process_send(BP_RECORD_EXEC, BP_NO_SLOT, task, 0, 0, false, bpf_ktime_get_ns());
		return 0;
	}
	if (!thread || thread->own)
		return 0;
	now = bpf_ktime_get_ns();
	config = bpf_map_lookup_elem(&processes, &tgid);
	if (config)
		config->python.version = config->parks = 0;
	thread->tstate = 0;
	thread->parks = 0;
	thread->reports = 0;
	thread->wait_class = BP_WAIT_NONE;
	process_send(BP_RECORD_EXEC, thread_unbind(thread, now), task, 0, 0, false, now);
	if (all_threads)
		thread_watch(task, now);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct thread *thread = thread_of(task);
	u32 tgid = task_tgid(task), slot, status;
	bool last;
	u64 now;

	if (!thread || thread->own || !armed)
		return 0;
	now = bpf_ktime_get_ns();
	/* kernel/exit.c: the count of live threads is already down by this one */
	last = task->signal->live.counter == 0;
	slot = thread_unbind(thread, now);
	status = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code
							 : task->exit_code;
	if (last)
		bpf_map_delete_elem(&processes, &tgid);
	if (last || slot != BP_NO_SLOT)
		process_send(BP_RECORD_EXIT, slot, task, 0, status, last, now);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
