/* SPDX-License-Identifier: GPL-2.0 */
/*
 * turn.h - the ledger of a slot's thread: where the time of its turn goes, and
 * what is sent of it when blocks and turns end.
 */
#ifndef BLOCKPROF_TURN_H
#define BLOCKPROF_TURN_H

#include "capture.h"
#include "ledger.h"

/* A wait that slept is back in user space after less cpu time than this. */
#define WAIT_RETURN_CPU_NS 500000

static __always_inline void turn_begin(struct bp_slot *slot, u64 now)
{
	slot->turn_seq++;
	slot->turn_start_ns = now;
	slot->turn_ran_ns = 0;
	slot->turn.cpu_ns = 0;
	slot->turn.runqueue_ns = 0;
	slot->turn.throttled_ns = 0;
	slot->turn.blocked_ns = 0;
	slot->turn.unknown_ns = 0;
	slot->cpu_sampled_ns = 0;
	slot->nap_flags = 0;
	slot->in_turn = 1;
}

/* A turn begins, unless another thread serves the same source meanwhile. */
static __always_inline void turn_begin_if_last(struct bp_slot *slot, u32 index, u64 now)
{
	turn_begin(slot, now);
	if (!slot->cell)
		return;
	slot->cut_ns = 0;
	if (cell_leave(slot->cell, index))
		slot->in_turn = 0;
}

/* The loop's own wait, in which it slept, ended at now. */
__weak __noinline int wait_end(struct bp_slot *slot, u32 index, u64 now)
{
	if (!slot)
		return 0;
	slot->idle_ns += since(now, slot->since_ns);
	slot->slept_ns = now;
	turn_begin_if_last(slot, index, now);
	return 0;
}

/* Short blocks of this turn that no slice was sent for are kept for the next turns. */
static __always_inline void sums_carry(struct bp_slot *slot)
{
	int i;

	for (i = 0; i < BP_SUMS; i++) {
		struct bp_sum *sum = &slot->sums[i];

		if (!sum->used)
			break;
		sum->carry_ns += sum->ns;
		sum->carry_count += sum->count;
		if (sum->max_ns > sum->carry_max_ns)
			sum->carry_max_ns = sum->max_ns;
		sum->ns = 0;
		sum->count = 0;
		sum->max_ns = 0;
	}
}

static __always_inline void discarded_add(struct bp_discarded *discarded, u64 ns)
{
	discarded->count++;
	if (ns > discarded->longest_ns)
		discarded->longest_ns = ns;
}

/* A turn longer than the threshold has ended. */
__weak __noinline int turn_send(struct bp_slot *slot, u32 index, u64 end, u64 now, s64 delayed)
{
	struct bp_turn *record;
	int i;

	if (!slot)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		lose_of(BP_LOSS_TURN_RING, slot->tgid);
		discarded_add(&slot->unsent, since(end, slot->turn_start_ns));
		return 0;
	}
	header_fill(&record->header, BP_RECORD_TURN, index, slot->tid, slot->tgid, now);
	record->turn_seq = slot->turn_seq;
	record->start_ns = slot->turn_start_ns;
	record->end_ns = end;
	record->nested_since_ns = slot->nested_since_ns;
	record->source = slot->source;
	record->closed_ns = slot->closed_seq == slot->turn_seq ? slot->closed_ns : 0;
	record->ledger = slot->turn;
	record->cpu_sampled_ns = slot->cpu_sampled_ns;
	record->delayed_events = delayed;
	for (i = 0; i < BP_RUNNERS; i++) {
		record->runners[i].tgid = 0;
		if (slot->runners_seq == slot->turn_seq)
			record->runners[i] = slot->runners[i];
	}
	for (i = 0; i < BP_SUMS; i++) {
		record->sums[i] = slot->sums[i];
		/* sent now: not to be carried over */
		slot->sums[i].ns = 0;
		slot->sums[i].count = 0;
		slot->sums[i].max_ns = 0;
	}
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* The length of one over the threshold counts when it is reported, if it is. */
static __always_inline void turn_count(struct bp_slot *slot, u64 ns)
{
	u64 bucket = hist_bucket(ns);
	u32 bound;

	slot->turns++;
	slot->wall_ns += ns;
	if (ns >= threshold_ns)
		return;
	if (ns > slot->longest_ns)
		slot->longest_ns = ns;
	barrier_var(bucket); /* or the compiler checks another copy of it than it uses */
	if (bucket >= BP_HIST_BUCKETS)
		return;
	bound = hist_bound[bucket] - 1u;
	barrier_var(bound);
	if (bound < BP_HIST_BOUNDS && ns > hist_bound_ns[bound])
		slot->hist_over[bound]++;
	else
		slot->hist[bucket]++;
}

/*
 * Ends a turn and begins the next where the loop has not left the CPU since the
 * wait before: all of such a turn is cpu time, and the rest of its ledger is still
 * 0. Returns whether it was one.
 */
static __always_inline bool turn_next_busy(struct bp_slot *slot, u64 now)
{
	u64 ns = since(now, slot->turn_start_ns);

	if (!slot->in_turn || slot->doubt || slot->cell || slot->since_ns != slot->turn_start_ns ||
	    slot->state != BP_RUNNING || slot->wait_slept || ns >= sample_age_ns)
		return false;
	turn_count(slot, ns);
	slot->total.cpu_ns += ns;
	slot->turn_seq++;
	slot->turn_start_ns = now;
	slot->turn_ran_ns = now;
	slot->since_ns = now;
	slot->nap_flags = 0;
	return true;
}

/* Ends a turn that may have been several: its time counts, its length does not. */
static __always_inline void turn_discard(struct bp_slot *slot, u64 end)
{
	u64 ns = since(end, slot->turn_start_ns);

	slot->in_turn = 0;
	slot->turns++;
	slot->wall_ns += ns;
	if (ns >= threshold_ns)
		discarded_add(&slot->unvouched, ns);
	ledger_add(&slot->total, &slot->turn);
	if (slot->turn.blocked_ns)
		sums_carry(slot);
	if (slot->doubt == BP_DOUBT_TURN)
		slot->doubt = BP_DOUBT_NONE;
}

/* The thread was bound in what seems to have been a turn, of which no more was kept. */
static __always_inline void turn_missed(struct bp_slot *slot, u64 end)
{
	u64 ns = since(end, slot->left_ns);

	slot->left_ns = 0;
	if (ns >= threshold_ns)
		discarded_add(&slot->provisional, ns);
}

/* The turn ended at end, and the ledger has the time up to then. */
__weak __noinline int turn_end(struct bp_slot *slot, u32 index, u64 end, u64 now, s64 delayed)
{
	u64 ns;

	if (!slot)
		return 0;
	if (!slot->in_turn) {
		if (slot->left_ns)
			turn_missed(slot, end);
		return 0;
	}
	ns = since(end, slot->turn_start_ns);
	if (slot->doubt) {
		turn_discard(slot, end);
		return 0;
	}
	slot->in_turn = 0;
	turn_count(slot, ns);
	ledger_add(&slot->total, &slot->turn);
	if (ns >= threshold_ns)
		turn_send(slot, index, end, now, delayed);
	if (slot->turn.blocked_ns)
		sums_carry(slot);
	return 0;
}

/* Sends the block, or the sum of blocks, whose last one the capture is of. */
__weak __noinline int slice_send(struct bp_slot *slot, u32 index, struct bp_slice *slice, u64 now)
{
	struct bp_capture *capture;
	u32 bytes;

	if (!slot || !slice)
		return 0;
	capture = &slice->capture;
	stack_copy_end(slot, true);
	header_fill(&slice->header, BP_RECORD_SLICE, index, slot->tid, slot->tgid, now);
	slice->turn_seq = slot->in_turn ? slot->turn_seq : 0;
	slice->turn_start_ns = slot->turn_start_ns;
	bytes = __builtin_offsetof(struct bp_slice, capture) + capture_used_bytes(capture);
	if (bytes > sizeof(*slice))
		bytes = sizeof(*slice);
	if (!ring_may_send(index, slot->tgid, slot->user, bytes, RING_OF_SLICES) ||
	    bpf_ringbuf_output(&ring, slice, bytes, 0))
		lose_of(BP_LOSS_SLICE_RING, slot->tgid);
	return 0;
}

/* The thread runs again: the slice of the block that ended before is sent. */
static __always_inline void pending_send(struct bp_slot *slot, u32 index, u64 now)
{
	if (!slot->pending)
		return;
	slot->pending = 0;
	slice_send(slot, index, slice_of(index), now);
}

/*
 * When a thread that runs, or now leaves the CPU, came onto it, which was not seen
 * (some kernels hide the switches of some threads): the scheduler knows how long it ran.
 */
static __always_inline u64 unseen_arrival(const struct bp_slot *slot, struct task_struct *task,
					  u64 now)
{
	u64 ran = since(task->se.sum_exec_runtime, task->se.prev_sum_exec_runtime);
	u64 away = since(now, slot->since_ns);

	return now - (ran < away ? ran : away);
}

#define SUM_FLAGS (BP_BLOCK_FAULT | BP_BLOCK_STOPPED | BP_BLOCK_GIL | BP_BLOCK_FDS)

/*
 * A block of ns ended. A long one is a slice of its own; short ones add up by
 * system call until their sum is long. Returns whether slice is to be sent.
 */
__weak __noinline int block_add(struct bp_slot *slot, struct bp_slice *slice, u64 ns)
{
	u32 flags;
	int syscall, i;

	if (!slot || !slice)
		return 0;
	slice->ns = ns;
	slice->max_ns = ns;
	slice->count = 1;
	slice->carry_ns = 0;
	slice->carry_count = 0;
	if (ns >= block_ns)
		return 1;
	syscall = slice->capture.block.syscall;
	flags = slice->capture.block.flags & SUM_FLAGS;
	for (i = 0; i < BP_SUMS; i++) {
		struct bp_sum *sum = &slot->sums[i];

		if (!sum->used) {
			sum->used = 1;
			sum->syscall = syscall;
			sum->flags = flags;
		} else if (sum->syscall != syscall || sum->flags != flags) {
			continue;
		}
		sum->ns += ns;
		sum->count++;
		if (ns > sum->max_ns)
			sum->max_ns = ns;
		if (sum->ns + sum->carry_ns < block_ns)
			return 0;
		slice->ns = sum->ns;
		slice->count = sum->count;
		slice->max_ns = sum->max_ns > sum->carry_max_ns ? sum->max_ns : sum->carry_max_ns;
		slice->carry_ns = sum->carry_ns;
		slice->carry_count = sum->carry_count;
		sum->ns = 0;
		sum->count = 0;
		sum->max_ns = 0;
		sum->carry_ns = 0;
		sum->carry_count = 0;
		sum->carry_max_ns = 0;
		return 1;
	}
	return 1; /* no sum is free: a slice of its own */
}

/* A block of the slot's thread ended at end. */
__weak __noinline int slot_unblock(struct bp_slot *slot, u32 index, u64 end)
{
	struct bp_slice *slice = slice_of(index);
	u64 ns;

	if (!slot)
		return 0;
	ns = since(end, slot->since_ns);
	if (!slice || (!slot->in_turn && !all_threads)) {
		stack_copy_end(slot, false);
		return 0;
	}
	if (wait_is_known(slot, slice->capture.block.wait_class, slice->capture.block.wait_id)) {
		stack_copy_end(slot, false);
		/* user space has found out meanwhile that this is the loop's own wait */
		turn_end(slot, index, slot->since_ns, end, 0);
		wait_end(slot, index, end);
		return 0;
	}
	if (slot->in_turn)
		slot->turn.blocked_ns += ns;
	slot->pending = block_add(slot, slice, ns);
	if (!slot->pending)
		stack_copy_end(slot, false);
	slot->pending_ns = ns;
	return 0;
}

/* Another thread has served the source: the turn ended then, whatever this one has done since. */
__weak __noinline int turn_cut(struct bp_slot *slot, u32 index, u64 now)
{
	u64 cut;

	if (!slot)
		return 0;
	cut = slot->cut_ns;
	slot->cut_ns = 0;
	if (cut > now)
		cut = now;
	if (cut < slot->since_ns)
		cut = slot->since_ns;
	switch (slot->state) {
	case BP_RUNNING:
		slot->turn.cpu_ns += since(cut, slot->since_ns);
		break;
	case BP_RUNNABLE:
		slot->turn.runqueue_ns += since(cut, slot->since_ns);
		break;
	case BP_BLOCKED:
		slot_unblock(slot, index, cut);
		break;
	default:
		slot->turn.unknown_ns += since(cut, slot->since_ns);
	}
	/* also of a block that ended before, whose slice waits for the thread to run */
	pending_send(slot, index, now);
	slot->since_ns = cut;
	turn_end(slot, index, cut, now, 0);
	return 0;
}

static __always_inline void turn_cut_if_served(struct bp_slot *slot, u32 index, u64 now)
{
	if (slot->cut_ns && slot->in_turn)
		turn_cut(slot, index, now);
}

/*
 * The slot's thread, which is current, runs, though it was not seen to come onto its
 * CPU, nor, maybe, to be woken.
 */
__weak __noinline int arrive_unseen(struct bp_slot *slot, u32 index, u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 from;

	if (!slot)
		return 0;
	if (slot->state != BP_RUNNABLE && slot->state != BP_BLOCKED && slot->state != BP_WAITING)
		return 0;
	__sync_fetch_and_add(&switches_unseen, 1);
	turn_cut_if_served(slot, index, now);
	from = unseen_arrival(slot, task, now);
	if (slot->state == BP_RUNNABLE)
		runnable_end(slot, task, from);
	else if (slot->state == BP_BLOCKED)
		slot_unblock(slot, index, from);
	else
		wait_end(slot, index, from);
	slot->since_ns = from;
	slot->waking_ns = 0;
	state_set(&slot->state, BP_RUNNING);
	if (!slot->turn_ran_ns)
		slot->turn_ran_ns = from;
	pending_send(slot, index, now);
	return 0;
}

#endif
