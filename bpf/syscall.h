/* SPDX-License-Identifier: GPL-2.0 */
/* syscall.h - which system call a thread blocks in, and whether it may be a loop's wait. */
#ifndef BLOCKPROF_SYSCALL_H
#define BLOCKPROF_SYSCALL_H

#include "source.h"

/* include/uapi/linux/io_uring.h */
#define IORING_ENTER_GETEVENTS	     1
#define IORING_ENTER_REGISTERED_RING 16

/* include/uapi/linux/futex.h */
#define FUTEX_WAIT	     0
#define FUTEX_WAIT_BITSET    9
#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_CMD_MASK	     ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)

/* kernel/sched: include/linux/sched.h; TASK_FROZEN is of 6.1 (f5d39b020809) */
#define TASK_UNINTERRUPTIBLE 0x0002
#define TASK_STOPPED	     0x0004
#define TASK_TRACED	     0x0008
#define TASK_FROZEN	     0x8000

static __always_inline u32 park_of(const struct pt_regs *regs, u32 parks, u64 *wait_id)
{
	u32 op = regs_arg(regs, 1), command = op & FUTEX_CMD_MASK;

	switch (parks) {
	case BP_PARKS_WORKERS:
		if ((command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET) || regs_arg(regs, 3))
			return BP_WAIT_NONE;
		*wait_id = BP_PARK_ID(regs_sp(regs), regs_arg(regs, 0));
		return BP_WAIT_FUTEX;
	case BP_PARKS_CONDITIONS:
		/* with a timeout or without; not CPython's asking for the GIL, which is by the other clock */
		if (command != FUTEX_WAIT_BITSET || !(op & FUTEX_CLOCK_REALTIME))
			return BP_WAIT_NONE;
		*wait_id = BP_CONDITION_ID(regs_arg(regs, 0));
		return BP_WAIT_FUTEX;
	}
	return BP_WAIT_NONE;
}

static __always_inline u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return BPF_CORE_READ((struct task_struct___old *)task, state);
}

/*
 * The class of a call that a loop may wait in, and what names the wait; 0: it is no such
 * call. parks: enum bp_parks.
 */
static __always_inline u32 wait_class_of(int nr, const struct pt_regs *regs, u32 parks,
					 u64 *wait_id)
{
	switch (nr) {
	case NR_epoll_wait:
	case NR_epoll_pwait:
	case NR_epoll_pwait2:
		*wait_id = (u32)regs_arg(regs, 0);
		return BP_WAIT_EPOLL;
	case NR_poll:
	case NR_ppoll:
		*wait_id = regs_sp(regs);
		return regs_arg(regs, 1) ? BP_WAIT_POLL : BP_WAIT_NONE;
	case NR_select:
	case NR_pselect6:
		*wait_id = regs_sp(regs);
		return regs_arg(regs, 0) ? BP_WAIT_SELECT : BP_WAIT_NONE;
	case NR_io_uring_enter:
		*wait_id = (u32)regs_arg(regs, 0);
		if (regs_arg(regs, 3) & IORING_ENTER_REGISTERED_RING)
			*wait_id |= BP_RING_REGISTERED;
		return regs_arg(regs, 3) & IORING_ENTER_GETEVENTS ? BP_WAIT_URING : BP_WAIT_NONE;
	case NR_io_getevents:
	case NR_io_pgetevents:
		*wait_id = regs_arg(regs, 0);
		return regs_arg(regs, 1) ? BP_WAIT_AIO : BP_WAIT_NONE;
	case NR_futex:
		return park_of(regs, parks, wait_id);
	}
	return BP_WAIT_NONE;
}

/* What task blocks in, or is about to. state: its scheduler state; parks: enum bp_parks. */
static __always_inline void block_read(struct bp_block *block, struct task_struct *task, u32 state,
				       u32 parks)
{
	const struct pt_regs *regs = task_regs(task);
	int nr = regs_syscall(regs);

	block->flags = 0;
	block->wait_class = 0;
	block->wait_id = 0;
	block->source = 0;
	block->syscall = nr < 0 ? BP_NO_SYSCALL : nr;
	block->sp = regs_sp(regs);
	block->ip = regs_ip(regs);
	block->args[0] = regs_arg(regs, 0);
	block->args[1] = regs_arg(regs, 1);
	block->args[2] = regs_arg(regs, 2);
	block->args[3] = regs_arg(regs, 3);
	block->args[4] = regs_arg(regs, 4);
	block->args[5] = regs_arg(regs, 5);
	block->fault_addr = 0;
	if (state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN))
		block->flags |= BP_BLOCK_STOPPED;
	if (state & TASK_UNINTERRUPTIBLE)
		block->flags |= BP_BLOCK_DISK;
	if (task_is_compat(task)) {
		block->flags |= BP_BLOCK_COMPAT;
		return;
	}
	if (block->syscall == BP_NO_SYSCALL && !(block->flags & BP_BLOCK_STOPPED))
		block->flags |= BP_BLOCK_FAULT;
	/* A loop that is stopped inside its wait is not idle: its clients wait. */
	if (!(block->flags & BP_BLOCK_STOPPED))
		block->wait_class = wait_class_of(nr, regs, parks, &block->wait_id);
	if (bp_is_poll(block->wait_class))
		block->flags |= BP_BLOCK_FDS;
	block->source = source_of(task, block->wait_class, block->wait_id);
}

#endif
