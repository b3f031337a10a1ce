// SPDX-License-Identifier: GPL-2.0
/*
 * schedule.bpf.c - the scheduler's events: a watched thread leaves a CPU, is
 * woken, comes onto one. Off-CPU time is blocked until the wakeup and
 * run-queue time after it; a thread that was preempted waits on the run queue.
 */
#include "turn.h"

#define CANDIDATE_FIRST	 8 /* records of one thread before they get rare */
#define CANDIDATE_GAP_NS 100000000

/* task is about to sleep in a call that may be a loop's wait; user space has yet to decide that. */
static __noinline int candidate_send(void *ctx, struct thread *thread, struct task_struct *task,
				     u64 now)
{
	struct bp_candidate *record;
	const struct bp_python *py;
	u32 room = 0, bytes;
	bool same;

	if (!thread)
		return 0;
	same = thread->wait_class == thread->block.wait_class &&
	       thread->wait_id == thread->block.wait_id;
	if (!same) {
		thread->wait_class = thread->block.wait_class;
		thread->wait_id = thread->block.wait_id;
		thread->count = 0;
		thread->others = 0;
	}
	thread->count++;
	/* at once when the wait is new, then each time its count has doubled, with a gap in between */
	if (thread->candidates >= CANDIDATE_FIRST &&
	    (thread->count & (thread->count - 1) || now - thread->candidate_ns < CANDIDATE_GAP_NS))
		return 0;
	if (thread->candidates < CANDIDATE_FIRST && thread->count & (thread->count - 1))
		return 0;
	thread->candidates++;
	thread->candidate_ns = now;
	record = bpf_map_lookup_elem(&candidate_room, &room);
	if (!record)
		return 0;
	header_fill(&record->header, BP_RECORD_CANDIDATE, thread->slot, task_tid(task),
		    task_tgid(task), now);
	record->wait_class = thread->wait_class;
	record->wait_id = thread->wait_id;
	record->count = thread->count;
	record->others = thread->others;
	record->since_ns = now;
	record->pthread = task_pthread(task);
	record->syscall = thread->block.syscall;
	record->sp = thread->block.sp;
	BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
	stack_native(ctx, &record->stack);
	py = python_of(record->header.tgid);
	if (py)
		stack_python(&record->stack, py, task, thread, 0);
	bytes = __builtin_offsetof(struct bp_candidate, stack) + stack_used_bytes(&record->stack);
	if (bytes > sizeof(*record))
		bytes = sizeof(*record);
	if (bpf_ringbuf_output(&ring, record, bytes, 0))
		lose(BP_LOSS_CANDIDATE_RING);
	return 0;
}

/* The slot's thread, running until now, blocks. */
static __always_inline void slot_block(void *ctx, struct bp_slot *slot, struct thread *thread,
				       struct task_struct *task, u32 state, u64 now)
{
	struct bp_slice *slice;
	const struct pt_regs *regs = task_regs(task);
	u64 wait_id = 0;
	u32 wait_class = wait_class_of(regs_syscall(regs), regs, &wait_id);
	bool stopped = state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN);

	if (!stopped && wait_is_own(slot, wait_class, wait_id)) {
		turn_end(slot, thread->slot, now, now, 0);
		slot->since_ns = now;
		slot->wait_slept = 1;
		state_set(&slot->state, BP_WAITING);
		return;
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
		return;
	}
	slice->capture.seq++;
	block_read(&slice->capture.block, task, state, thread->parks);
	if (slice->capture.block.flags & BP_BLOCK_FAULT)
		slice->capture.block.fault_addr = slot->fault_addr;
	slot->fault_addr = 0;
	if (slot->nap_flags) {
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
	if (slot->use == BP_SLOT_LOOP && wait_is_open(slot, slice->capture.block.wait_class)) {
		thread->block = slice->capture.block;
		candidate_send(ctx, thread, task, now);
	}
}

/* A block of the slot's thread ended at end. */
static __always_inline void slot_unblock(void *ctx, struct bp_slot *slot, u32 index, u64 end,
					 bool woken)
{
	struct bp_slice *slice = slice_of(index);
	u64 ns = since(end, slot->since_ns);

	if (!slice || (!slot->in_turn && !all_threads)) {
		stack_copy_end(slot, false);
		return;
	}
	if (wait_is_own(slot, slice->capture.block.wait_class, slice->capture.block.wait_id)) {
		stack_copy_end(slot, false);
		/* user space has found out meanwhile that this is the loop's own wait */
		turn_end(slot, index, slot->since_ns, end, 0);
		wait_end(slot, end);
		return;
	}
	if (slot->in_turn)
		slot->turn.blocked_ns += ns;
	slot->pending = block_add(slot, slice, ns);
	/* where short blocks add up to a slice, its waker is that of the last one */
	if (woken && slot->pending)
		capture_waker(ctx, &slice->capture, index, end);
	if (!slot->pending)
		stack_copy_end(slot, false);
	slot->pending_ns = ns;
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
		thread->since_ns = now;
		state_set(&thread->state, BP_RUNNING);
		thread->before = 0;
		return 0;
	}
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
		slot_unblock(ctx, slot, thread->slot, woken_ns, false);
		if (slot->in_turn)
			slot->turn.runqueue_ns += since(now, woken_ns);
		break;
	case BP_WAITING:
		wait_end(slot, woken_ns);
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

static __always_inline void switch_out(void *ctx, struct task_struct *task, bool preempt, u64 now)
{
	struct thread *thread = thread_of(task);
	struct bp_slot *slot;
	u32 state;

	if (!thread)
		return;
	state = preempt ? 0 : task_state(task);
	slot = slot_of(thread);
	if (slot) {
		if (slot->state != BP_RUNNING)
			switch_in(ctx, task, unseen_arrival(slot, task, now));
		if (slot->in_turn)
			slot->turn.cpu_ns += since(now, slot->since_ns);
		if (!state)
			runnable_begin(slot, task, now);
		else
			slot_block(ctx, slot, thread, task, state, now);
		return;
	}
	thread->since_ns = now;
	thread->before = 0;
	if (!state) {
		state_set(&thread->state, BP_RUNNABLE);
		return;
	}
	if (thread->own) {
		state_set(&thread->state, BP_BLOCKED);
		return;
	}
	block_read(&thread->block, task, state, thread->parks);
	state_set(&thread->state, BP_BLOCKED);
	if (thread->block.wait_class)
		candidate_send(ctx, thread, task, now);
	else
		thread->others++;
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
			thread->since_ns = now;
			state_set(&thread->state, BP_RUNNABLE);
			thread->before = 0;
		}
		return 0;
	}
	switch (slot->state) {
	case BP_BLOCKED:
		slot_unblock(ctx, slot, thread->slot, now, true);
		runnable_begin(slot, task, now);
		break;
	case BP_WAITING:
		wait_end(slot, now);
		runnable_begin(slot, task, now);
		break;
	default:
		slot->waking_ns = now;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
