/* SPDX-License-Identifier: GPL-2.0 */
/*
 * state.h - what the kernel side keeps: configuration, a struct for each watched
 * thread, a slot for each thread whose time is kept, the ring buffer.
 *
 * Maps and variables are weak: each program file has them, the linker keeps one.
 */
#ifndef BLOCKPROF_STATE_H
#define BLOCKPROF_STATE_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "abi.h"
#include "pids.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* Set before loading. Plain C types: the skeleton shows these to user space. */
__weak const volatile unsigned long long threshold_ns = 100000000;
/* A block as long as this gets a slice of its own. */
__weak const volatile unsigned long long block_ns = 5000000;
/* Turns as old as this are sampled. */
__weak const volatile unsigned long long sample_age_ns = 12500000;
__weak const volatile bool whole_system = false;
__weak const volatile bool filtered = false; /* user space sees each exec, and chooses */
__weak const volatile bool all_threads = false;
__weak const volatile unsigned int own_tgid = 0; /* blockprof's: never watched */
__weak const volatile unsigned int own_tid = 0; /* the thread that runs the iterator */
__weak const volatile unsigned int nr_stack_copies = 0; /* that there are buffers for */
/* 1 + the number of the bound that is in a bucket, 0: there is none; the bounds. */
__weak const volatile unsigned char hist_bound[BP_HIST_BUCKETS] = {};
__weak const volatile unsigned long long hist_bound_ns[BP_HIST_BOUNDS] = {};
__weak const volatile unsigned short syscall_flags[BP_SYSCALLS] = {};

/* The last child of a watched process that has ended, by the process's number for the kernel. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct bp_ended);
} children_ended SEC(".maps");

/* Set while running: nothing is recorded before every program is in place. */
__weak volatile unsigned int armed = 0;
__weak unsigned long long losses[BP_LOSS_NR] = {};
/* How often a thread was found running that was not seen to come onto its CPU: settled, not lost. */
__weak unsigned long long switches_unseen = 0;
__weak volatile unsigned int old_slots[BP_OLD_SLOTS] = {}; /* up to the first 0 */
__weak volatile unsigned int observing = 0; /* the map observed has entries */
__weak volatile unsigned int sync_dev =
	0; /* of which file system sync_task shows who writes it out */
__weak volatile unsigned int observed_tgid = 0; /* whose threads observe_task shows */
__weak volatile unsigned int stack_copy_bytes =
	BP_STACK_COPY_FIRST_BYTES; /* wanted of threads that have no slot */

#define WAITS 4 /* of a thread that are kept apart */

/* A call that may be a loop's wait, to which a thread without a slot has come. */
struct wait {
	u32 wait_class; /* enum bp_wait_class; BP_WAIT_NONE: no more of them */
	u32 count; /* how often */
	u64 id; /* as wait_id, or the source where that is known */
	u64 last_ns;
	u64 sp; /* of the user stack, at the last time */
	u32 outer; /* sleeps clearly further out on that stack, since the first time */
	u32 number; /* EPOLL: its descriptor */
};

/* A watched thread. As long as it has no slot its state is kept here. */
struct thread {
	u32 known; /* its state, at first sight or since */
	u32 own; /* blockprof's own: only for the clocks */
	u32 before; /* has not moved since it came under watch */
	u32 parks; /* enum bp_parks, as of its process */
	u32 slot; /* BP_NO_SLOT: not bound */
	u32 slotless; /* there was none for it, which has been counted */
	u32 state; /* enum bp_state */
	u64 since_ns;
	u64 tstate; /* its Python thread state, as found last */
	u64 candidate_ns; /* when it was last sent as a candidate */
	u64 candidates; /* how often */
	u64 left_ns; /* when it left such a wait, or was first seen outside of one; 0: it is in one */
	u64 longest_ns; /* since then, up to the next; of those longer than the threshold */
	u32 long_turns; /* how many these are */
	u32 waited; /* which of waits it came to last */
	struct wait waits[WAITS];
	struct bp_block block;
};

__weak struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

/*
 * max_entries of slots, slices and free_slots are set before loading. A slot's
 * slice is where its thread's block, or sample, is captured and sent from.
 */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct bp_slot);
} slots SEC(".maps");

__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct bp_slice);
} slices SEC(".maps");

__weak struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 64);
	__type(value, u32);
} free_slots SEC(".maps");

/* Buffers of stack_copy.h; max_entries is set before loading. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bp_stack_copy);
} stack_copies SEC(".maps");

__weak struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32); /* tgid */
	__type(value, struct bp_process_config);
} processes SEC(".maps");

/* Threads that user space wants bound, by tid: the iterator binds them and takes them out. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct bp_bind);
} binds SEC(".maps");

/* The task of each slot's thread, as an address: what is read there may be of another by now. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} slot_tasks SEC(".maps");

/* Processes that old turns wait for, by tgid, and how to read their interpreter. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct bp_python);
} observed SEC(".maps");

/* Descriptors that only user space could find, by tid: for the thread's next snapshot. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, int);
} observed_fds SEC(".maps");

__weak struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

/* A record under construction, in programs of the scheduler's events, which nothing interrupts. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bp_candidate);
} candidate_room SEC(".maps");

static __always_inline void lose(enum bp_loss where)
{
	if (where < BP_LOSS_NR)
		__sync_fetch_and_add(&losses[where], 1);
}

/* Most tasks have no storage of anyone, which one field shows without a call. */
static __always_inline struct thread *thread_of(struct task_struct *task)
{
	if (!task->bpf_storage)
		return NULL;
	return bpf_task_storage_get(&threads, task, NULL, 0);
}

static __always_inline struct bp_slot *slot_of(const struct thread *thread)
{
	u32 index = thread->slot;

	return index == BP_NO_SLOT ? NULL : bpf_map_lookup_elem(&slots, &index);
}

static __always_inline struct bp_slice *slice_of(u32 slot)
{
	return bpf_map_lookup_elem(&slices, &slot);
}

static __always_inline struct thread *thread_create(struct task_struct *task)
{
	struct thread *thread;

	thread = bpf_task_storage_get(&threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		lose(BP_LOSS_THREADS);
		return NULL;
	}
	return thread;
}

/*
 * A state is set when all that belongs to it is in place: a waker on another
 * CPU may act on it at once. (Stores stay in order on x86; on arm64 the
 * scheduler's locks between block and wakeup order them.)
 */
static __always_inline void state_set(u32 *to, enum bp_state state)
{
	barrier();
	*(volatile u32 *)to = state;
}

static __always_inline void header_fill(struct bp_header *header, u32 type, u32 slot, u32 tid,
					u32 tgid, u64 now)
{
	header->type = type;
	header->slot = slot;
	header->tid = tid;
	header->tgid = tgid;
	header->time_ns = now;
}

static __always_inline bool tgid_is_watched(u32 tgid)
{
	if (!tgid || tgid == own_tgid)
		return false;
	return whole_system || bpf_map_lookup_elem(&processes, &tgid);
}

#endif
