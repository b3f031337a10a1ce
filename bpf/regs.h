/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regs.h - a thread's user registers, as it left them at its entry to the
 * kernel, for each architecture.
 */
#ifndef BLOCKPROF_REGS_H
#define BLOCKPROF_REGS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "abi.h"

/*
 * bpf_task_pt_regs() came with 5.15 (dd6e10fbd9fb) and gives a pointer that may
 * be followed directly. Before it the place is computed and each field is a
 * probe read. The branch not taken is cut out at load.
 */
#define HAVE_TASK_PT_REGS bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)
#define REG(regs, field)  (HAVE_TASK_PT_REGS ? (u64)(regs)->field : (u64)BPF_CORE_READ(regs, field))

#if defined(__TARGET_ARCH_x86)

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NR_poll = 7,
	NR_select = 23,
	NR_execve = 59,
	NR_wait4 = 61,
	NR_fcntl = 72,
	NR_flock = 73,
	NR_futex = 202,
	NR_io_getevents = 208,
	NR_epoll_wait = 232,
	NR_waitid = 247,
	NR_pselect6 = 270,
	NR_ppoll = 271,
	NR_epoll_pwait = 281,
	NR_execveat = 322,
	NR_io_pgetevents = 333,
	NR_io_uring_enter = 426,
	NR_epoll_pwait2 = 441,
};

/* arch/x86/include/asm/page_64_types.h without KASAN; only where the helper is missing. */
#define KERNEL_STACK_BYTES (16 << 10)

static __always_inline int regs_syscall(const struct pt_regs *regs)
{
	return (int)REG(regs, orig_ax);
}

/* System call arguments: the kernel leaves these registers as they were. */
static __always_inline u64 regs_arg(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return REG(regs, di);
	case 1:
		return REG(regs, si);
	case 2:
		return REG(regs, dx);
	case 3:
		return REG(regs, r10);
	case 4:
		return REG(regs, r8);
	default:
		return REG(regs, r9);
	}
}

static __always_inline u64 regs_ip(const struct pt_regs *regs)
{
	return REG(regs, ip);
}

static __always_inline u64 regs_sp(const struct pt_regs *regs)
{
	return REG(regs, sp);
}

/* The numbers that DWARF gives them: see struct bp_registers. */
static __always_inline void regs_copy(struct bp_registers *to, const struct pt_regs *regs)
{
	to->reg[0] = REG(regs, ax);
	to->reg[1] = REG(regs, dx);
	to->reg[2] = REG(regs, cx);
	to->reg[3] = REG(regs, bx);
	to->reg[4] = REG(regs, si);
	to->reg[5] = REG(regs, di);
	to->reg[6] = REG(regs, bp);
	to->reg[7] = REG(regs, sp);
	to->reg[8] = REG(regs, r8);
	to->reg[9] = REG(regs, r9);
	to->reg[10] = REG(regs, r10);
	to->reg[11] = REG(regs, r11);
	to->reg[12] = REG(regs, r12);
	to->reg[13] = REG(regs, r13);
	to->reg[14] = REG(regs, r14);
	to->reg[15] = REG(regs, r15);
	to->reg[16] = REG(regs, ip);
}

/* arch/x86/include/asm/thread_info.h: TS_COMPAT */
static __always_inline bool task_is_compat(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_info.status) & 2;
}

static __always_inline u64 task_pthread(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread.fsbase);
}

#elif defined(__TARGET_ARCH_arm64)

/* include/uapi/asm-generic/unistd.h; calls that arm64 does not have get numbers that none has. */
enum {
	NR_poll = 10007,
	NR_select = 10023,
	NR_execve = 221,
	NR_execveat = 281,
	NR_wait4 = 260,
	NR_fcntl = 25,
	NR_flock = 32,
	NR_futex = 98,
	NR_io_getevents = 4,
	NR_epoll_wait = 10232,
	NR_waitid = 95,
	NR_pselect6 = 72,
	NR_ppoll = 73,
	NR_epoll_pwait = 22,
	NR_io_pgetevents = 292,
	NR_io_uring_enter = 426,
	NR_epoll_pwait2 = 441,
};

#define KERNEL_STACK_BYTES (16 << 10)

static __always_inline int regs_syscall(const struct pt_regs *regs)
{
	return REG(regs, syscallno);
}

static __always_inline u64 regs_arg(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return REG(regs, orig_x0);
	case 1:
		return REG(regs, regs[1]);
	case 2:
		return REG(regs, regs[2]);
	case 3:
		return REG(regs, regs[3]);
	case 4:
		return REG(regs, regs[4]);
	default:
		return REG(regs, regs[5]);
	}
}

static __always_inline u64 regs_ip(const struct pt_regs *regs)
{
	return REG(regs, pc);
}

static __always_inline u64 regs_sp(const struct pt_regs *regs)
{
	return REG(regs, sp);
}

/* The numbers that DWARF gives them: see struct bp_registers. */
static __always_inline void regs_copy(struct bp_registers *to, const struct pt_regs *regs)
{
	int i;

#pragma unroll
	for (i = 0; i < 31; i++)
		to->reg[i] = REG(regs, regs[i]);
	to->reg[31] = REG(regs, sp);
	to->reg[32] = REG(regs, pc);
}

/* arch/arm64/include/asm/thread_info.h: TIF_32BIT is in flags; such targets are not read. */
static __always_inline bool task_is_compat(struct task_struct *task)
{
	return false;
}

static __always_inline u64 task_pthread(struct task_struct *task)
{
	const struct thread_struct___arm64 *thread = (const void *)&task->thread;

	return BPF_CORE_READ(thread, uw.tp_value);
}

#else
#error "cannot build for this architecture: no registers in bpf/regs.h"
#endif

static __always_inline struct pt_regs *task_regs(struct task_struct *task)
{
	if (HAVE_TASK_PT_REGS)
		return (struct pt_regs *)bpf_task_pt_regs(task);
	return (struct pt_regs *)(BPF_CORE_READ(task, stack) + KERNEL_STACK_BYTES -
				  bpf_core_type_size(struct pt_regs));
}

#endif
