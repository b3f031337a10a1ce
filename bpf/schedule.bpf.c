// SPDX-License-Identifier: GPL-2.0
/*
 * schedule.bpf.c - the scheduler's events: a watched thread leaves a CPU, is
 * woken, comes onto one. Off-CPU time is blocked until the wakeup and
 * run-queue time after it; a thread that was preempted waits on the run queue.
 */
#include "candidate.h"
#include "turn.h"

/* It waits for its own source. Further in than it usually does, a callback that began then does so. */
static __always_inline void nested_note(struct bp_slot *slot, u64 sp, u64 began_ns)
{
	if (slot->wait_sp - sp <= BP_OUTER_BYTES) {
		slot->nested_since_ns = 0;
	} else if (sp > slot->wait_sp) {
		slot->wait_sp = sp;
		slot->nested_since_ns = 0;
	} else if (!slot->nested_since_ns) {
		slot->nested_since_ns = began_ns;
	}
}

/* The slot's thread, running until now, blocks. Returns whether that is a wait that user space is to see. */
static __always_inline bool slot_block(void *ctx, struct bp_slot *slot, struct thread *thread,
				       struct task_struct *task, u32 state, u64 now)
{
	struct bp_slice *slice;
	const struct pt_regs *regs = task_regs(task);
	u64 wait_id = 0;
	u32 wait_class = wait_class_of(regs_syscall(regs), regs, thread->parks, &wait_id);
	bool stopped = state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN);

	if (!stopped && wait_is_own(slot, wait_class, wait_id)) {
		u64 began_ns = slot->in_turn ? slot->turn_start_ns : now;

		turn_end(slot, thread->slot, now, now, 0);
		source_renew(slot, task, wait_class, wait_id, since(now, began_ns) >= threshold_ns);
		slot->since_ns = now;
		slot->wait_slept = 1;
		nested_note(slot, regs_sp(regs), began_ns);
		state_set(&slot->state, BP_WAITING);
		if (slot->cell)
			cell_enter(slot->cell, thread->slot, now);
		return slot->core_wanted;
	}
	if (slot->doubt && slot->in_turn) {
		turn_discard(slot, now);
		turn_begin(slot, now);
		slot->turn_ran_ns = now;
	}
	slot->since_ns = now;
	slot->wait_slept = 0;
	slice = slice_of(thread->slot);
	/* before the loop's first wait there is no turn */
	if (!slice || (!slot->in_turn && !all_threads)) {
		state_set(&slot->state, BP_BLOCKED);
		return false;
	}
	if (slot->wait_class == BP_WAIT_EPOLL && slot->closed_seq != slot->turn_seq &&
	    epoll_is_closed(task, slot->wait_id)) {
		slot->closed_seq = slot->turn_seq;
		slot->closed_ns = now;
	}
	slice->capture.seq++;
	block_read(&slice->capture.block, task, state, thread->parks);
	if (slice->capture.block.flags & BP_BLOCK_FAULT)
		slice->capture.block.fault_addr = slot->fault_addr;
	slot->fault_addr = 0;
	/* a poll of descriptors waits for these, whatever was tried before */
	if (slot->nap_flags && !(slice->capture.block.flags & BP_BLOCK_FDS)) {
		u32 nr = slice->capture.block.syscall;

		if (nr < BP_SYSCALLS && syscall_flags[nr] & BP_SYSCALL_SLEEP) {
			slice->capture.block.flags |= slot->nap_flags;
			if (slot->nap_flags & BP_BLOCK_TRY_CHILD)
				slice->capture.block.args[0] = slot->nap_pid;
		}
	}
	capture_block(ctx, &slice->capture, slot, thread, task, now);
	if (slice->capture.block.flags & BP_BLOCK_TRY_LOCK)
		object_fd(&slice->capture.object, task, slot->nap_fd);
	slot->nap_flags = 0;
	slice->capture.seq++;
	/* from here on a waker on another CPU may read and write the capture */
	state_set(&slot->state, BP_BLOCKED);
	return slot->use == BP_SLOT_LOOP && wait_is_open(slot, slice->capture.block.wait_class);
}

static __always_inline void waker_note(void *ctx, u32 index, struct task_struct *woken, u64 now)
{
	struct bp_slice *slice = slice_of(index);

	if (slice)
		capture_waker(ctx, &slice->capture, index, woken, now);
}

static __noinline int switch_in(void *ctx, struct task_struct *task, u64 now)
{
	struct thread *thread = thread_of(task);
	struct bp_slot *slot;
	u64 woken_ns;

	if (!thread)
		return 0;
	slot = slot_of(thread);
	if (!slot) {
		if (thread->state == BP_BLOCKED && thread->block.wait_class)
			thread->left_ns = now;
		thread->since_ns = now;
		state_set(&thread->state, BP_RUNNING);
		thread->before = 0;
		return 0;
	}
	turn_cut_if_served(slot, thread->slot, now);
	/*
	 * A wakeup that came since the thread last ran, but not while it was off
	 * the CPU, was seen before the switch that it answers: the waker was
	 * faster than the thread's way off the CPU.
	 */
	woken_ns = slot->waking_ns ? slot->since_ns : now;
	switch (slot->state) {
	case BP_RUNNABLE:
		runnable_end(slot, task, now);
		break;
	case BP_BLOCKED:
		slot_unblock(slot, thread->slot, woken_ns);
		if (slot->in_turn)
			slot->turn.runqueue_ns += since(now, woken_ns);
		break;
	case BP_WAITING:
		wait_end(slot, thread->slot, woken_ns);
		slot->turn.runqueue_ns += since(now, woken_ns);
		break;
	default:
		if (slot->in_turn)
			slot->turn.unknown_ns += since(now, slot->since_ns);
	}
	slot->waking_ns = 0;
	slot->since_ns = now;
	state_set(&slot->state, BP_RUNNING);
	if (!slot->turn_ran_ns)
		slot->turn_ran_ns = now;
	pending_send(slot, thread->slot, now);
	return 0;
}

/* Of a slot's thread. Returns whether user space is to see the wait that it goes into. */
static __always_inline bool slot_switch_out(void *ctx, struct bp_slot *slot, struct thread *thread,
					    struct task_struct *task, u32 state, u64 now)
{
	if (slot->state == BP_UNSEEN) {
		u64 from = unseen_arrival(slot, task, now);

		if (slot->in_turn)
			slot->turn.unknown_ns += since(from, slot->since_ns);
		slot->since_ns = from;
	} else if (slot->state != BP_RUNNING) {
		arrive_unseen(slot, thread->slot, now);
	}
	turn_cut_if_served(slot, thread->slot, now);
	if (slot->in_turn)
		slot->turn.cpu_ns += since(now, slot->since_ns);
	if (state)
		return slot_block(ctx, slot, thread, task, state, now);
	runnable_begin(slot, task, now);
	return false;
}

/* Of a thread without a slot; likewise. */
static __always_inline bool thread_switch_out(struct thread *thread, struct task_struct *task,
					      u32 state, u64 now)
{
	thread->since_ns = now;
	thread->before = 0;
	if (!state) {
		state_set(&thread->state, BP_RUNNABLE);
		return false;
	}
	if (thread->own) {
		state_set(&thread->state, BP_BLOCKED);
		return false;
	}
	block_read(&thread->block, task, state, thread->parks);
	state_set(&thread->state, BP_BLOCKED);
	if (thread->block.wait_class)
		return true;
	waits_note_other(thread, NULL);
	wait_check(thread, task);
	return false;
}

static __always_inline void switch_out(void *ctx, struct task_struct *task, bool preempt, u64 now)
{
	struct thread *thread = thread_of(task);
	struct bp_slot *slot;
	bool shown;
	u32 state;

	if (!thread)
		return;
	state = preempt ? 0 : task_state(task);
	slot = slot_of(thread);
	if (slot)
		shown = slot_switch_out(ctx, slot, thread, task, state, now);
	else
		shown = thread_switch_out(thread, task, state, now);
	if (shown)
		candidate_note(ctx, thread, task, now);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = 0;

	if (!armed)
		return 0;
	if (prev->bpf_storage) {
		now = bpf_ktime_get_ns();
		switch_out(ctx, prev, preempt, now);
	}
	if (next->bpf_storage)
		switch_in(ctx, next, now ? now : bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct thread *thread;
	struct bp_slot *slot;
	u64 now;

	if (!task->bpf_storage || !armed)
		return 0;
	thread = thread_of(task);
	if (!thread)
		return 0;
	now = bpf_ktime_get_ns();
	slot = slot_of(thread);
	if (!slot) {
		if (thread->state == BP_BLOCKED) {
			if (thread->block.wait_class)
				thread->left_ns = now;
			thread->since_ns = now;
			state_set(&thread->state, BP_RUNNABLE);
			thread->before = 0;
		}
		return 0;
	}
	turn_cut_if_served(slot, thread->slot, now);
	switch (slot->state) {
	case BP_BLOCKED:
		slot_unblock(slot, thread->slot, now);
		/* where short blocks add up to a slice, its waker is that of the last one */
		if (slot->pending)
			waker_note(ctx, thread->slot, task, now);
		runnable_begin(slot, task, now);
		break;
	case BP_WAITING:
		wait_end(slot, thread->slot, now);
		runnable_begin(slot, task, now);
		break;
	default:
		slot->waking_ns = now;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
