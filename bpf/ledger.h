/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ledger.h - how the time between two events of a thread is told apart: what it waited
 * for its CPU, of that what its cgroup's quota kept from it; and lengths in a histogram.
 */
#ifndef BLOCKPROF_LEDGER_H
#define BLOCKPROF_LEDGER_H

#include "state.h"

#define GROUP_DEPTH 8
#define NO_QUOTA    ((u64)~0ull) /* kernel/sched/sched.h: RUNTIME_INF */

static __always_inline u64 since(u64 now, u64 then)
{
	return now > then ? now - then : 0;
}

static __always_inline u32 hist_bucket(u64 ns)
{
	u64 rest = ns;
	u32 octave = 0;

	if (rest >> 32) {
		octave += 32;
		rest >>= 32;
	}
	if (rest >> 16) {
		octave += 16;
		rest >>= 16;
	}
	if (rest >> 8) {
		octave += 8;
		rest >>= 8;
	}
	if (rest >> 4) {
		octave += 4;
		rest >>= 4;
	}
	if (rest >> 2) {
		octave += 2;
		rest >>= 2;
	}
	if (rest >> 1)
		octave += 1;
	if (octave < 3)
		return ns;
	if (octave >= BP_HIST_BUCKETS / BP_HIST_STEPS + 2)
		return BP_HIST_BUCKETS - 1;
	return (octave - 2) * BP_HIST_STEPS + ((ns >> (octave - 3)) & (BP_HIST_STEPS - 1));
}

/* Time that the task's groups have spent throttled so far; 0: none of them has a quota. */
static __always_inline u64 throttled_time(struct task_struct *task)
{
	struct task_group *group = NULL;
	u64 sum = 0;
	int i;

	if (!bpf_core_field_exists(task->sched_task_group) ||
	    !bpf_core_field_exists(group->cfs_bandwidth))
		return 0;
	group = task->sched_task_group;
	for (i = 0; i < GROUP_DEPTH; i++) {
		if (!group)
			break;
		/* + 1: a group with a quota that was never throttled counts as one, too */
		if (group->parent && group->cfs_bandwidth.quota != NO_QUOTA)
			sum += group->cfs_bandwidth.throttled_time + 1;
		group = group->parent;
	}
	return sum;
}

static __always_inline void runnable_begin(struct bp_slot *slot, struct task_struct *task, u64 now)
{
	slot->since_ns = now;
	state_set(&slot->state, BP_RUNNABLE);
	slot->throttled_mark_ns = throttled_time(task);
}

static __always_inline void runnable_end(struct bp_slot *slot, struct task_struct *task, u64 now)
{
	u64 ns = since(now, slot->since_ns), throttled = 0;

	if (!slot->in_turn)
		return;
	if (slot->throttled_mark_ns) {
		throttled = since(throttled_time(task), slot->throttled_mark_ns);
		/* several CPUs of a group are throttled at a time: the sum can be more than what passed */
		if (throttled > ns)
			throttled = ns;
	}
	slot->turn.throttled_ns += throttled;
	slot->turn.runqueue_ns += ns - throttled;
}

static __always_inline void ledger_add(struct bp_ledger *to, const struct bp_ledger *from)
{
	to->cpu_ns += from->cpu_ns;
	to->runqueue_ns += from->runqueue_ns;
	to->throttled_ns += from->throttled_ns;
	to->blocked_ns += from->blocked_ns;
	to->unknown_ns += from->unknown_ns;
}

#endif
