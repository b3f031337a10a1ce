/* SPDX-License-Identifier: GPL-2.0 */
/* bind.h - how a thread comes under watch, is bound to a slot, and leaves it. */
#ifndef BLOCKPROF_BIND_H
#define BLOCKPROF_BIND_H

#include "candidate.h"
#include "turn.h"

/* Where the thread is as it comes under watch: its events show only what changes after that. */
static __always_inline void thread_first_state(struct thread *thread, struct task_struct *task,
					       u64 now)
{
	u32 state = task_state(task);

	if (thread->known)
		return;
	thread->known = 1;
	thread->since_ns = now;
	thread->before = 1;
	thread->own = task_tgid(task) == own_tgid;
	if (!state) {
		thread->state = BP_RUNNING;
		thread->left_ns = now;
		return;
	}
	thread->state = BP_BLOCKED;
	block_read(&thread->block, task, state, thread->parks);
	/* it has come to this wait once, before anyone looked */
	if (thread->block.wait_class)
		wait_note(thread, false, now);
	else
		thread->left_ns = now;
}

/* The slot's turn is under way: it began at start, and the thread's state at slot->since_ns. */
static __always_inline void turn_join(struct bp_slot *slot, u64 start)
{
	if (start > slot->since_ns) {
		if (slot->state == BP_RUNNING)
			slot->since_ns = start;
		else
			start = slot->since_ns;
	}
	turn_begin(slot, start);
	slot->turn_ran_ns = start;
	/* what came before that state was not seen */
	slot->turn.unknown_ns = since(slot->since_ns, start);
}

/* The slot is used as bind says, from now on. */
static __always_inline void slot_use(struct bp_slot *slot, struct task_struct *task,
				     const struct bp_block *block, const struct bp_bind *bind)
{
	int i;

	slot->use = bind->use;
	slot->wait_class = bind->wait_class;
	slot->wait_id = bind->wait_id;
	slot->park_id = bind->park_id;
	slot->loop_object = bind->loop_object;
	slot->source = bind->source;
	if (!slot->source)
		slot->source = source_of(task, bind->wait_class, bind->wait_id);
	slot->wait_sp = bind->wait_sp;
	slot->core_wanted = bind->core_wanted;
	slot->core_nr = bind->core_nr;
	for (i = 0; i < BP_CORE; i++)
		slot->core[i] = bind->core[i];
	if (slot->use != BP_SLOT_LOOP || slot->in_turn)
		return;
	if (slot->state == BP_BLOCKED && block &&
	    wait_is_known(slot, block->wait_class, block->wait_id)) {
		slot->state = BP_WAITING;
		slot->wait_slept = 1;
		slot->left_ns = 0;
		stack_copy_end(slot, false);
	} else if (bind->turn_start_ns && (!bind->sleeps || bind->sleeps == task->nvcsw)) {
		/* it has not been to sleep since that was asked for: it is in that turn still */
		turn_join(slot, bind->turn_start_ns);
	} else if (bind->estimated && slot->state == BP_BLOCKED && block &&
		   (slot->wait_class || !block->wait_class)) {
		/* it has: in that turn or a later one, which is no younger than this block */
		turn_join(slot, slot->since_ns);
	}
}

/* Copies the state that thread is in into the slot that it gets. */
static __always_inline void slot_fill(struct bp_slot *slot, struct bp_slice *slice,
				      const struct thread *thread, struct task_struct *task,
				      const struct bp_bind *bind)
{
	struct bp_capture *capture = &slice->capture;

	slot->in_turn = 0;
	slot->state = thread->state;
	slot->since_ns = thread->since_ns;
	if (slot->state == BP_BLOCKED) {
		if (thread->before && bind->blocked_since_ns &&
		    bind->blocked_since_ns < slot->since_ns)
			slot->since_ns = bind->blocked_since_ns;
		capture->seq++;
		capture->block = thread->block;
		capture->block.flags |= BP_BLOCK_EARLIER;
		capture->since_ns = slot->since_ns;
		capture->question_bytes = 0;
		capture->other.kind = BP_OTHER_NONE;
		stack_clear(&capture->stack);
		object_read(&capture->object, task, &capture->block, false);
		if (bind->object_fd >= 0)
			object_fd(&capture->object, task, bind->object_fd);
		if (object_second(&capture->second, task, &capture->block))
			capture->block.flags |= BP_BLOCK_TWO;
		capture->seq++;
	}
	slot->left_ns = thread->left_ns;
	slot_use(slot, task, &thread->block, bind);
	if (slot->in_turn)
		slot->left_ns = 0;
	capture->turn_seq = slot->turn_seq;
}

/* Gives thread a slot, if it has none, to be used as bind says. */
static __noinline int thread_bind(struct thread *thread, struct task_struct *task,
				  const struct bp_bind *bind)
{
	struct bp_slice *slice;
	struct bp_slot *slot;
	u64 since_ns, address;
	u32 index, state;

	if (!thread || !bind)
		return 0;
	if (bind->tstate)
		thread->tstate = bind->tstate;
	slot = slot_of(thread);
	if (slot) {
		slice = slice_of(thread->slot);
		slot_use(slot, task, slice ? &slice->capture.block : NULL, bind);
		return 0;
	}
	if (bpf_map_pop_elem(&free_slots, &index)) {
		if (!thread->slotless)
			lose(BP_LOSS_SLOTS);
		thread->slotless = 1;
		return 0;
	}
	slot = bpf_map_lookup_elem(&slots, &index);
	slice = slice_of(index);
	if (!slot || !slice)
		return 0;
	/* user space has zeroed it */
	slot->tid = task_tid(task);
	slot->tgid = task_tgid(task);
	slot->user = bind->user;
	slot->cgroup = bind->cgroup;
	slot->bound_ns = bpf_ktime_get_ns();
	state = thread->state;
	since_ns = thread->since_ns;
	address = (u64)task;
	bpf_map_update_elem(&slot_tasks, &index, &address, BPF_ANY);
	slot_fill(slot, slice, thread, task, bind);
	slot->provisional.count = thread->long_turns;
	slot->provisional.longest_ns = thread->longest_ns;
	thread->slot = index;
	/* it moved meanwhile, on another CPU that did not know of the slot: once more */
	if (thread->state != state || thread->since_ns != since_ns)
		slot_fill(slot, slice, thread, task, bind);
	return 0;
}

/* A new thread, or one that is seen for the first time, of a watched process. */
static __always_inline struct thread *thread_watch(struct task_struct *task, u64 now)
{
	struct thread *thread = thread_create(task);

	if (!thread)
		return NULL;
	thread_first_state(thread, task, now);
	if (all_threads && thread->slot == BP_NO_SLOT && !thread->own) {
		struct bp_bind bind = { .use = BP_SLOT_THREAD, .object_fd = -1 };

		thread_bind(thread, task, &bind);
	}
	return thread;
}

/* The slot's thread ends, or becomes another program. Returns the slot that user space may free. */
static __always_inline u32 thread_unbind(struct thread *thread, u64 now)
{
	struct bp_slot *slot = slot_of(thread);
	u32 index = thread->slot;

	if (!slot)
		return BP_NO_SLOT;
	if (slot->in_turn) {
		if (slot->state == BP_RUNNING)
			slot->turn.cpu_ns += since(now, slot->since_ns);
		else
			slot->turn.unknown_ns += since(now, slot->since_ns);
		pending_send(slot, index, now);
	}
	turn_end(slot, index, now, now, -1);
	stack_copy_end(slot, false);
	thread->slot = BP_NO_SLOT;
	slot->use = BP_SLOT_LEFT;
	return index;
}

#endif
