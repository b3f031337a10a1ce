/* SPDX-License-Identifier: GPL-2.0 */
/*
 * copy.h - the registers and the stack of the thread that runs, for user space to
 * unwind: frame pointers are in few programs' code.
 *
 * A copy is large and most threads need none at a time, so there are fewer
 * buffers than slots. A thread that blocks takes one, which it gives back when
 * the block's slice is sent, or is known not to be.
 */
#ifndef BLOCKPROF_STACK_COPY_H
#define BLOCKPROF_STACK_COPY_H

#include "regs.h"
#include "repeat.h"
#include "state.h"

#define COPY_TRIES 8 /* buffers looked at, from the place that the owner's number gives */
#define COPY_STEP  4096 /* a page, or part of one: what is in memory as a whole or not */
#define COPY_STEPS (BP_STACK_COPY_BYTES / COPY_STEP + 1)

/* A buffer's number is its index + 1; 0 stands for none. */
static __always_inline struct bp_stack_copy *stack_copy_of(u32 number)
{
	u32 index = number - 1;

	return number ? bpf_map_lookup_elem(&stack_copies, &index) : NULL;
}

/* A buffer for owner, which is not 0. Returns its number. */
__weak __noinline u32 stack_copy_take(u32 owner)
{
	struct bp_stack_copy *copy;
	u32 index, i;

	for (i = 0; i < COPY_TRIES && nr_stack_copies; i++) {
		index = (owner + i) % nr_stack_copies;
		copy = bpf_map_lookup_elem(&stack_copies, &index);
		if (copy && !copy->owner && !__sync_val_compare_and_swap(&copy->owner, 0, owner))
			return index + 1;
	}
	lose(BP_LOSS_STACK_COPY_ROOM);
	return 0;
}

static __always_inline void stack_copy_give_back(struct bp_stack_copy *copy)
{
	barrier();
	*(volatile u32 *)&copy->owner = 0;
}

struct stack_copy_walk {
	struct bp_stack_copy *copy;
	u64 sp;
	u32 at;
	u32 holes; /* pages that are not in memory may be in between: never touched, no frame is on them */
};

static long stack_copy_step(u32 i, struct stack_copy_walk *walk)
{
	struct bp_stack_copy *copy = walk->copy;
	u32 at = walk->at, bytes;
	u64 from = walk->sp + at;

	barrier_var(at);
	if (at >= copy->wanted || at > BP_STACK_COPY_BYTES - COPY_STEP) {
		/* not where only what cannot be read came last: the stack ended */
		if (copy->bytes == at)
			copy->flags |= BP_STACK_COPY_CUT;
		return 1;
	}
	bytes = COPY_STEP - (from & (COPY_STEP - 1));
	barrier_var(bytes);
	if (bytes > COPY_STEP)
		return 1;
	walk->at = at + bytes;
	if (!bpf_probe_read_user(&copy->stack[at], bytes, (void *)from))
		copy->bytes = at + bytes;
	else if (!walk->holes)
		return 1; /* the stack ends here, as it seems */
	return 0;
}

/* Of current. header and since_ns are the caller's to fill. */
__weak __noinline int stack_copy_fill(struct bp_stack_copy *copy, u32 wanted, u32 holes)
{
	struct stack_copy_walk walk = { .copy = copy, .holes = holes };
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs;

	if (!copy)
		return 0;
	copy->bytes = 0;
	copy->flags = 0;
	copy->wanted = wanted;
	if (task_is_compat(task))
		return 0;
	regs = task_regs(task);
	regs_copy(&copy->regs, regs);
	walk.sp = regs_sp(regs);
	REPEAT(COPY_STEPS, stack_copy_step, &walk);
	return 0;
}

/* Before the record that it is of. What is large does not take the room of what is small. */
__weak __noinline int stack_copy_send(struct bp_stack_copy *copy)
{
	u32 bytes;

	if (!copy || !copy->bytes)
		return 0;
	bytes = __builtin_offsetof(struct bp_stack_copy, stack) + copy->bytes;
	if (bytes > sizeof(*copy))
		bytes = sizeof(*copy);
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >
		    bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 2 ||
	    bpf_ringbuf_output(&ring, copy, bytes, BPF_RB_NO_WAKEUP))
		lose(BP_LOSS_STACK_COPY_RING);
	return 0;
}

/* The slot's thread, which is current, blocks. */
static __always_inline void stack_copy_block(struct bp_slot *slot, u32 index, u64 now)
{
	struct bp_stack_copy *copy;

	if (!slot->stack_copy)
		slot->stack_copy = stack_copy_take(index);
	copy = stack_copy_of(slot->stack_copy);
	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_STACK_COPY, index, slot->tid, slot->tgid, now);
	copy->since_ns = now;
	stack_copy_fill(copy,
			slot->stack_copy_bytes ? slot->stack_copy_bytes : BP_STACK_COPY_FIRST_BYTES,
			slot->stack_copy_holes);
}

/* The block of the slot's copy, if it has one, is over. send: its slice is sent next. */
static __always_inline void stack_copy_end(struct bp_slot *slot, bool send)
{
	struct bp_stack_copy *copy;
	u32 number;

	if (!slot->stack_copy)
		return;
	number = __sync_lock_test_and_set(&slot->stack_copy, 0);
	copy = stack_copy_of(number);
	if (!copy)
		return;
	if (send)
		stack_copy_send(copy);
	stack_copy_give_back(copy);
}

/*
 * Of current, sent at once: for a record of that slot, tid and time. slot:
 * BP_NO_SLOT where it is of none.
 */
static __always_inline void stack_copy_now(u32 slot, u32 tid, u32 tgid, u64 since_ns, u32 wanted,
					   u32 holes, u32 flags, u64 now)
{
	struct bp_stack_copy *copy = stack_copy_of(stack_copy_take(bpf_get_smp_processor_id() + 1));

	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_STACK_COPY, slot, tid, tgid, now);
	copy->since_ns = since_ns;
	stack_copy_fill(copy, wanted, holes);
	copy->flags |= flags;
	stack_copy_send(copy);
	stack_copy_give_back(copy);
}

#endif
