/* SPDX-License-Identifier: GPL-2.0 */
/*
 * copy.h - the registers and the stack of the thread that runs, for user space to
 * unwind: frame pointers are in few programs' code.
 *
 * A copy is large and most threads need none at a time, so there are fewer
 * buffers than slots. A thread that blocks takes one, which it gives back when
 * the block's slice is sent, or is known not to be.
 */
#ifndef BLOCKPROF_COPY_H
#define BLOCKPROF_COPY_H

#include "regs.h"
#include "repeat.h"
#include "state.h"

#define COPY_TRIES 8 /* buffers looked at, from the place that the owner's number gives */
#define COPY_STEP  4096 /* a page, or part of one: what is in memory as a whole or not */
#define COPY_STEPS (BP_COPY_BYTES / COPY_STEP + 1)

/* A buffer's number is its index + 1; 0 stands for none. */
static __always_inline struct bp_copy *copy_of(u32 number)
{
	u32 index = number - 1;

	return number ? bpf_map_lookup_elem(&copies, &index) : NULL;
}

/* A buffer for owner, which is not 0. Returns its number. */
__weak __noinline u32 copy_take(u32 owner)
{
	struct bp_copy *copy;
	u32 index, i;

	for (i = 0; i < COPY_TRIES && nr_copies; i++) {
		index = (owner + i) % nr_copies;
		copy = bpf_map_lookup_elem(&copies, &index);
		if (copy && !copy->owner && !__sync_val_compare_and_swap(&copy->owner, 0, owner))
			return index + 1;
	}
	lose(BP_LOSS_COPY_ROOM);
	return 0;
}

static __always_inline void copy_give_back(struct bp_copy *copy)
{
	barrier();
	*(volatile u32 *)&copy->owner = 0;
}

struct copy_walk {
	struct bp_copy *copy;
	u64 sp;
	u32 at;
	u32 holes; /* pages that are not in memory may be in between: never touched, no frame is on them */
};

static long copy_step(u32 i, struct copy_walk *walk)
{
	struct bp_copy *copy = walk->copy;
	u32 at = walk->at, bytes;
	u64 from = walk->sp + at;

	barrier_var(at);
	if (at >= copy->wanted || at > BP_COPY_BYTES - COPY_STEP) {
		/* not where only what cannot be read came last: the stack ended */
		if (copy->bytes == at)
			copy->flags |= BP_COPY_CUT;
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
__weak __noinline int copy_fill(struct bp_copy *copy, u32 wanted, u32 holes)
{
	struct copy_walk walk = { .copy = copy, .holes = holes };
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
	REPEAT(COPY_STEPS, copy_step, &walk);
	return 0;
}

/* Before the record that it is of. What is large does not take the room of what is small. */
__weak __noinline int copy_send(struct bp_copy *copy)
{
	u32 bytes;

	if (!copy || !copy->bytes)
		return 0;
	bytes = __builtin_offsetof(struct bp_copy, stack) + copy->bytes;
	if (bytes > sizeof(*copy))
		bytes = sizeof(*copy);
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >
		    bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 2 ||
	    bpf_ringbuf_output(&ring, copy, bytes, BPF_RB_NO_WAKEUP))
		lose(BP_LOSS_COPY_RING);
	return 0;
}

/* The slot's thread, which is current, blocks. */
static __always_inline void copy_block(struct bp_slot *slot, u32 index, u64 now)
{
	struct bp_copy *copy;

	if (!slot->copy)
		slot->copy = copy_take(index);
	copy = copy_of(slot->copy);
	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_COPY, index, slot->tid, slot->tgid, now);
	copy->since_ns = now;
	copy_fill(copy, slot->copy_bytes ? slot->copy_bytes : BP_COPY_FIRST, slot->copy_holes);
}

/* The block of the slot's copy, if it has one, is over. send: its slice is sent next. */
static __always_inline void copy_end(struct bp_slot *slot, bool send)
{
	struct bp_copy *copy;
	u32 number;

	if (!slot->copy)
		return;
	number = __sync_lock_test_and_set(&slot->copy, 0);
	copy = copy_of(number);
	if (!copy)
		return;
	if (send)
		copy_send(copy);
	copy_give_back(copy);
}

/*
 * Of current, sent at once: for a record of that slot, tid and time. slot:
 * BP_NO_SLOT where it is of none.
 */
static __always_inline void copy_now(u32 slot, u32 tid, u32 tgid, u64 since_ns, u32 wanted,
				     u32 holes, u32 flags, u64 now)
{
	struct bp_copy *copy = copy_of(copy_take(bpf_get_smp_processor_id() + 1));

	if (!copy)
		return;
	header_fill(&copy->header, BP_RECORD_COPY, slot, tid, tgid, now);
	copy->since_ns = since_ns;
	copy_fill(copy, wanted, holes);
	copy->flags |= flags;
	copy_send(copy);
	copy_give_back(copy);
}

#endif
