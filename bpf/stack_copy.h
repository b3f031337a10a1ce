/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stack_copy.h - the registers and the stack of the current thread, for user space
 * to unwind: few programs' code keeps frame pointers.
 *
 * A stack copy is large, and few threads need one at a time, so there are fewer
 * buffers than slots. A thread that blocks takes one, and gives it back when the
 * block's slice is sent, or when it is clear that none will be.
 */
#ifndef BLOCKPROF_STACK_COPY_H
#define BLOCKPROF_STACK_COPY_H

#include "regs.h"
#include "repeat.h"
#include "share.h"

#define COPY_TRIES 64 /* buffers tried, from any on: one in four is free, mostly */
#define COPY_STEP  4096 /* a page, or part of one: all of it is in memory, or nothing */
#define COPY_STEPS (BP_STACK_COPY_BYTES / COPY_STEP + 1)

/* A buffer's number is its index + 1; 0 stands for none. */
static __always_inline struct bp_stack_copy *stack_copy_of(u32 number)
{
	u32 index = number - 1;

	return number ? bpf_map_lookup_elem(&stack_copies, &index) : NULL;
}

/* Buffers that slots have; one that is given back at once does not count. */
__weak unsigned int copies_taken = 0;
__weak unsigned int copies_shares[SHARE_KINDS][SHARE_COUNTERS] = {};

static __always_inline void copies_count(const struct bp_slot *slot, u32 more)
{
	const struct share_owner owner = share_owner_of(slot);

	__sync_fetch_and_add(&copies_taken, more);
	share_add(copies_shares, &owner, more);
}

static __always_inline bool copies_left(const struct bp_slot *slot)
{
	const struct share_owner owner = share_owner_of(slot);

	return copies_taken + share_most(copies_shares, &owner) / SHARE_PART < nr_stack_copies;
}

/* A buffer for owner, which is not 0. Returns its number. */
__weak __noinline u32 stack_copy_take(u32 owner)
{
	u32 index, i, first = bpf_get_prandom_u32();
	struct bp_stack_copy *copy;

	for (i = 0; i < COPY_TRIES && nr_stack_copies; i++) {
		index = (first + i) % nr_stack_copies;
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
	u32 holes; /* go on behind pages that are not in memory: never touched, no frame is on them */
};

static long stack_copy_step(u32 i, struct stack_copy_walk *walk)
{
	struct bp_stack_copy *copy = walk->copy;
	u32 at = walk->at, bytes;
	u64 from = walk->sp + at;

	barrier_var(at);
	if (at >= copy->wanted || at > BP_STACK_COPY_BYTES - COPY_STEP) {
		/* cut, unless what came last could not be read: then the stack has ended */
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

/* Copies current's. The caller fills header and since_ns. */
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
	bpf_probe_read_user(copy->below, sizeof(copy->below),
			    (void *)(walk.sp - sizeof(copy->below)));
	REPEAT(COPY_STEPS, stack_copy_step, &walk);
	return 0;
}

/* Sent before the record that it belongs to. What is large does not take the room of what is small. */
__weak __noinline int stack_copy_send(struct bp_stack_copy *copy)
{
	u32 bytes;

	if (!copy || !copy->bytes)
		return 0;
	bytes = __builtin_offsetof(struct bp_stack_copy, stack) + copy->bytes;
	if (bytes > sizeof(*copy))
		bytes = sizeof(*copy);
	if (!ring_may_send_copy(copy->header.slot, copy->header.tgid, bytes) ||
	    bpf_ringbuf_output(&ring, copy, bytes, BPF_RB_NO_WAKEUP))
		lose(BP_LOSS_STACK_COPY_RING);
	return 0;
}

static __always_inline u32 stack_copy_wanted(const struct bp_slot *slot)
{
	return slot->stack_copy_bytes ? slot->stack_copy_bytes : BP_STACK_COPY_FIRST_BYTES;
}

/* The slot's thread, which is current, blocks. */
static __always_inline void stack_copy_block(struct bp_slot *slot, u32 index, u64 now)
{
	struct bp_stack_copy *copy;

	if (!slot->stack_copy) {
		if (!copies_left(slot)) {
			lose(BP_LOSS_STACK_COPY_ROOM);
			return;
		}
		slot->stack_copy = stack_copy_take(index);
		if (slot->stack_copy)
			copies_count(slot, 1);
	}
	copy = stack_copy_of(slot->stack_copy);
	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_STACK_COPY, index, slot->tid, slot->tgid, now);
	copy->since_ns = now;
	stack_copy_fill(copy, stack_copy_wanted(slot), slot->stack_copy_holes);
}

/* The block is over that the slot has a copy of, if it has one. send: its slice is sent next. */
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
	copies_count(slot, -1);
}

/* A copy that is sent at once: the record that it is for comes right behind. */
struct stack_copy_request {
	u32 slot; /* of that record, as tid and tgid; or BP_NO_SLOT */
	u32 tid;
	u32 tgid;
	u64 since_ns;
	u32 bytes; /* that are wanted */
	u32 holes;
	u32 flags;
};

/* Of current. */
static __always_inline void stack_copy_now(const struct stack_copy_request *request, u64 now)
{
	struct bp_stack_copy *copy = stack_copy_of(stack_copy_take(bpf_get_smp_processor_id() + 1));

	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_STACK_COPY, request->slot, request->tid, request->tgid,
		    now);
	copy->since_ns = request->since_ns;
	stack_copy_fill(copy, request->bytes, request->holes);
	copy->flags |= request->flags;
	stack_copy_send(copy);
	stack_copy_give_back(copy);
}

#endif
