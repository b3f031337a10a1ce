// SPDX-License-Identifier: GPL-2.0
/* process.bpf.c - processes and threads that begin, become another program, and end. */
#include "bind.h"

#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* What a record says besides whose it is. */
struct process_event {
	u32 type; /* enum bp_record_type */
	u32 slot;
	u32 parent; /* FORK */
	u32 status; /* EXIT, as last */
	bool last;
};

static __always_inline void process_send(const struct process_event *event,
					 struct task_struct *task, u64 now)
{
	u32 user = task_user(task), tgid = task_tgid(task);
	struct bp_process *record = NULL;

	/* processes that come and go in numbers leave room for what is said of others */
	if (event->slot != BP_NO_SLOT ||
	    ring_may_send(BP_NO_SLOT, tgid, user, sizeof(*record), RING_OF_SLICES))
		record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		lose_of(BP_LOSS_PROCESS_RING, tgid);
		return;
	}
	header_fill(&record->header, event->type, event->slot, task_tid(task), tgid, now);
	record->parent_tgid = event->parent;
	record->status = event->status;
	record->last = event->last;
	record->user = user;
	BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
	/*
	 * The reader is woken at once for a new program, which may end soon, and
	 * where a loop ends; the rest can wait until it reads anyway.
	 */
	bpf_ringbuf_submit(record, event->type == BP_RECORD_EXEC || event->slot != BP_NO_SLOT
					   ? 0
					   : BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 parent_tgid = task_tgid(parent), tgid = task_tgid(child);
	struct process_event event = { .type = BP_RECORD_FORK, .slot = BP_NO_SLOT };
	struct bp_process_config *config;
	const struct thread *forker;
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
		event.parent = parent_tgid;
		process_send(&event, child, now);
	}
	thread = thread_watch(child, now);
	if (!thread)
		return 0;
	/* not TASK_NEW, as which it is seen here: it is about to be woken */
	thread->state = BP_RUNNABLE;
	thread->before = 0;
	forker = thread_of(parent);
	thread->parks = forker ? forker->parks : BP_PARKS_NONE;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct process_event event = { .type = BP_RECORD_EXEC, .slot = BP_NO_SLOT };
	struct thread *thread = thread_of(task);
	struct bp_process_config *config;
	u32 tgid = task_tgid(task);
	u64 now;

	if (!armed)
		return 0;
	if (!thread && filtered && tgid && tgid != own_tgid) {
		process_send(&event, task, bpf_ktime_get_ns());
		return 0;
	}
	if (!thread || thread->own)
		return 0;
	now = bpf_ktime_get_ns();
	config = bpf_map_lookup_elem(&processes, &tgid);
	if (config) {
		config->python.version = 0;
		config->parks = BP_PARKS_NONE;
	}
	thread->tstate = 0;
	thread->parks = BP_PARKS_NONE;
	thread->candidates = 0;
	thread->waits[0].wait_class = BP_WAIT_NONE;
	thread->left_ns = now;
	thread->long_turns = 0;
	thread->longest_ns = 0;
	event.slot = thread_unbind(thread, now);
	process_send(&event, task, now);
	if (all_threads)
		thread_watch(task, now);
	return 0;
}

/* Its parent has not been told yet. */
static __always_inline void child_note(struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct bp_ended ended = {};
	u32 tgid;

	if (!parent || !BPF_CORE_READ(parent, bpf_storage) || task->signal->live.counter)
		return;
	tgid = BPF_CORE_READ(parent, tgid);
	ended.ns = bpf_ktime_get_ns();
	ended.tgid = task_tgid(task);
	BPF_CORE_READ_STR_INTO(&ended.comm, task, group_leader, comm);
	bpf_map_update_elem(&children_ended, &tgid, &ended, BPF_ANY);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct thread *thread = thread_of(task);
	struct process_event event = { .type = BP_RECORD_EXIT };
	u32 tgid = task_tgid(task);
	u64 now;

	if (armed)
		child_note(task);
	if (!thread || thread->own || !armed)
		return 0;
	now = bpf_ktime_get_ns();
	/* kernel/exit.c: the count of live threads is already down by this one */
	event.last = task->signal->live.counter == 0;
	event.slot = thread_unbind(thread, now);
	event.status = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code
							       : task->exit_code;
	if (event.last)
		bpf_map_delete_elem(&processes, &tgid);
	if (event.last || event.slot != BP_NO_SLOT)
		process_send(&event, task, now);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
