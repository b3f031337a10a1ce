/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source.h - which source of events a wait is for, whether that makes it a loop's
 * own wait, and which of the threads that serve a source has the turn.
 */
#ifndef BLOCKPROF_SOURCE_H
#define BLOCKPROF_SOURCE_H

#include "object.h"
#include "regs.h"
#include "repeat.h"
#include "state.h"

#define RINGS	   16 /* io_uring/tctx.h: IO_RINGFD_REG_MAX */
#define POLL_PART  8 /* struct pollfd that are read at a time */
#define POLL_PARTS 8 /* 64 in all: a loop's own descriptors are among its first */
#define SELECT_FDS 1024 /* FD_SETSIZE */

/* Sources that more than one thread is known to serve: see struct bp_cell. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BP_CELLS);
	__type(key, u32);
	__type(value, struct bp_cell);
} cells SEC(".maps");

/*
 * When epoll instances were closed for good, by the address of the kernel's object,
 * where another one may be since. Of the latest of them; the rest live, as far as is known.
 */
__weak struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} closed_sources SEC(".maps");

__weak volatile unsigned int epoll_closes = 0; /* how many were */

/* What was at this address then, is there no more. */
static __always_inline bool source_closed_since(u64 source, u64 then)
{
	const u64 *closed = source ? bpf_map_lookup_elem(&closed_sources, &source) : NULL;

	return closed && *closed > then;
}

/* -- which source -- */

static __always_inline struct file *registered_ring(struct task_struct *task, u64 index)
{
	struct io_uring_task *rings = NULL;
	struct file *file = NULL;

	/* 5.18 (e7a6c00dc77a) */
	if (!bpf_core_field_exists(task->io_uring) ||
	    !bpf_core_field_exists(rings->registered_rings) || index >= RINGS)
		return NULL;
	rings = BPF_CORE_READ(task, io_uring);
	if (rings)
		bpf_probe_read_kernel(&file, sizeof(file), &rings->registered_rings[index]);
	return file;
}

/* The kernel's object that task waits for; 0: not known. */
static __noinline u64 source_of(struct task_struct *task, u32 wait_class, u64 wait_id)
{
	struct file *file;

	if (wait_class != BP_WAIT_EPOLL && wait_class != BP_WAIT_URING)
		return 0;
	if (wait_class == BP_WAIT_URING && wait_id & BP_RING_REGISTERED)
		file = registered_ring(task, (u32)wait_id);
	else
		file = task_file(task, (int)wait_id);
	return file ? (u64)BPF_CORE_READ(file, private_data) : 0;
}

/* Does the number of a wait stand for no epoll instance now? Then that was closed. Of current. */
static __noinline int epoll_is_closed(struct task_struct *task, u64 wait_id)
{
	struct file *file = task_file(task, (int)wait_id);
	struct eventpoll *ep = file ? BPF_CORE_READ(file, private_data) : NULL;

	return !ep || BPF_CORE_READ(ep, file) != file;
}

/* -- polls: whether one is for all of the descriptors that a loop's are for -- */

struct core_search {
	u64 fds; /* address of the first struct pollfd */
	u32 nr;
	u32 found; /* a bit for each of core */
	int core[BP_CORE];
};

/* 1 or 0, without a branch: the verifier would walk through both sides of each. */
static __always_inline u32 is_equal(u32 a, u32 b)
{
	u32 bits = a ^ b;

	/* or the compiler makes a comparison of it again */
	barrier_var(bits);
	bits |= 0 - bits;
	barrier_var(bits);
	return 1 - (bits >> 31);
}

static long core_step(u32 i, struct core_search *search)
{
	struct pollfd part[POLL_PART];
	u32 left = search->nr - i * POLL_PART, bytes;
	int k;

	if (i * POLL_PART >= search->nr)
		return 1;
	__builtin_memset(part, -1, sizeof(part)); /* no descriptor, where none is read */
	bytes = (left < POLL_PART ? left : POLL_PART) * sizeof(part[0]);
	barrier_var(bytes);
	if (bytes > sizeof(part))
		return 1;
	if (bpf_probe_read_user(part, bytes, (void *)(search->fds + (u64)i * sizeof(part))))
		return 1;
	for (k = 0; k < POLL_PART; k++)
		search->found |= is_equal(part[k].fd, search->core[0]) |
				 is_equal(part[k].fd, search->core[1]) << 1 |
				 is_equal(part[k].fd, search->core[2]) << 2 |
				 is_equal(part[k].fd, search->core[3]) << 3;
	return 0;
}

static __always_inline bool select_has(const struct pt_regs *regs, int fd)
{
	u64 word;
	int set;

	if (fd < 0 || fd >= SELECT_FDS || (u64)fd >= regs_arg(regs, 0))
		return false;
	for (set = 1; set <= 3; set++) {
		u64 addr = regs_arg(regs, set);

		if (addr &&
		    !bpf_probe_read_user(&word, sizeof(word),
					 (void *)(addr + ((u32)fd >> 6) * 8)) &&
		    word >> (fd & 63) & 1)
			return true;
	}
	return false;
}

/* The poll or select that current sleeps in has all of the slot's core. */
__weak __noinline int has_core(const struct bp_slot *slot, u32 wait_class)
{
	const struct pt_regs *regs = task_regs(bpf_get_current_task_btf());
	struct core_search search = {};
	u32 nr, i;

	if (!slot)
		return 0;
	nr = slot->core_nr;
	if (!nr || nr > BP_CORE)
		return 0;
	if (wait_class == BP_WAIT_SELECT) {
		for (i = 0; i < BP_CORE; i++)
			if (i < nr && !select_has(regs, slot->core[i]))
				return 0;
		return 1;
	}
	search.fds = regs_arg(regs, 0);
	search.nr = regs_arg(regs, 1);
	for (i = 0; i < BP_CORE; i++)
		search.core[i] = i < nr ? slot->core[i] : -1;
	REPEAT(POLL_PARTS, core_step, &search);
	for (i = 0; i < BP_CORE; i++)
		if (i < nr && !(search.found >> i & 1))
			return 0;
	return 1;
}

/* -- whether a wait is a loop's own -- */

/* It waits for its own source: by the same number that may be another instance by now, if any was closed. */
static __always_inline void source_renew(struct bp_slot *slot, struct task_struct *task,
					 u32 wait_class, u64 wait_id, bool after_long)
{
	u32 closes = epoll_closes;

	if ((slot->closes == closes && !after_long) || wait_class != BP_WAIT_EPOLL ||
	    wait_id != slot->wait_id)
		return;
	slot->closes = closes;
	/* that of several threads is user space's to find out */
	if (!slot->cell)
		slot->source = source_of(task, wait_class, wait_id);
}

static __always_inline bool is_same_wait(u32 wait_class, u64 id, u64 other)
{
	/*
	 * The C library's function has a larger frame once the process has a second
	 * thread (cancellation points); a call from within the loop's callbacks is
	 * much further in.
	 */
	if (bp_is_poll(wait_class))
		return id - other + BP_SITE_BYTES <= 2 * BP_SITE_BYTES;
	return id == other;
}

/* By the call alone, whoever's it is. */
static __always_inline bool wait_is_known(const struct bp_slot *slot, u32 wait_class, u64 wait_id)
{
	if (wait_class == BP_WAIT_FUTEX)
		return slot->park_id == wait_id;
	return wait_class && slot->wait_class == wait_class &&
	       is_same_wait(wait_class, slot->wait_id, wait_id);
}

/* The same source at another place: by another descriptor, or another call. Of current. */
__weak __noinline int wait_is_elsewhere(struct bp_slot *slot, u32 wait_class, u64 wait_id)
{
	if (!slot)
		return 0;
	if (slot->also_class == wait_class && is_same_wait(wait_class, slot->also_id, wait_id))
		return 1;
	switch (wait_class) {
	case BP_WAIT_EPOLL:
	case BP_WAIT_URING:
		if (!slot->source ||
		    slot->source != source_of(bpf_get_current_task_btf(), wait_class, wait_id))
			return 0;
		/* the descriptor that was known may be closed by now */
		if (slot->wait_class == wait_class)
			slot->wait_id = wait_id;
		return 1;
	case BP_WAIT_POLL:
	case BP_WAIT_SELECT:
		return has_core(slot, wait_class);
	}
	return 0;
}

/* The wait that the slot's thread, which is current, is in, is the loop's own. */
static __always_inline bool wait_is_own(struct bp_slot *slot, u32 wait_class, u64 wait_id)
{
	if (!wait_class)
		return false;
	if (wait_is_known(slot, wait_class, wait_id))
		return true;
	return wait_class != BP_WAIT_FUTEX && slot->wait_class &&
	       wait_is_elsewhere(slot, wait_class, wait_id);
}

/* Whether the wait may be the own one of a slot of which that is not known yet. */
static __always_inline bool wait_is_open(const struct bp_slot *slot, u32 wait_class)
{
	if (wait_class == BP_WAIT_FUTEX)
		return !slot->park_id;
	return wait_class && !slot->wait_class;
}

/* -- several threads at one source -- */

/* The slot's thread has begun to serve its source: the turn of whoever was out is over. */
__weak __noinline int cell_enter(u32 number, u32 index, u64 now)
{
	struct bp_cell *cell = bpf_map_lookup_elem(&cells, &number);
	struct bp_slot *slot;
	u32 owner;

	if (!cell)
		return 0;
	cell->servers[index & (BP_SERVERS - 1)] = index;
	/* a barrier, too: either the one sees that this slot waits, or this one that the other is out */
	__sync_fetch_and_add(&cell->entries, 1);
	owner = cell->owner;
	if (!owner || owner == index)
		return 0;
	slot = bpf_map_lookup_elem(&slots, &owner);
	if (slot && slot->cell == number && !slot->cut_ns)
		slot->cut_ns = now;
	return 0;
}

/* The slot's thread serves its source no more. Returns whether another one does: then no turn begins. */
__weak __noinline int cell_leave(u32 number, u32 index)
{
	struct bp_cell *cell = bpf_map_lookup_elem(&cells, &number);
	int i;

	if (!cell)
		return 0;
	cell->owner = index;
	__sync_fetch_and_add(&cell->entries, 1);
	for (i = 0; i < BP_SERVERS; i++) {
		u32 other = cell->servers[i];
		struct bp_slot *slot;

		if (!other || other == index)
			continue;
		slot = bpf_map_lookup_elem(&slots, &other);
		if (slot && slot->cell == number && slot->state == BP_WAITING)
			return 1;
	}
	return 0;
}

#endif
