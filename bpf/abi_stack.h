/* SPDX-License-Identifier: GPL-2.0 */
/* abi_stack.h - a thread's frames as the kernel side walks them, and its registers. */
#ifndef BLOCKPROF_ABI_STACK_H
#define BLOCKPROF_ABI_STACK_H

#define BP_KERNEL_FRAMES 40
#define BP_USER_FRAMES	 112
#define BP_PYTHON_FRAMES 128
#define BP_REGISTERS	 33

struct bp_python_frame {
	unsigned long long code; /* address of its code object; BP_PYTHON_ENTRY may be set in it */
	unsigned long long instr; /* as the frame holds it: lasti, or the instruction's address */
	/* ENTRY: an address in the stack frame of that run of the evaluation loop; 0: not known. */
	unsigned long long loop;
};

/* In bp_python_frame.code: outermost frame of one run of the C evaluation loop. */
#define BP_PYTHON_ENTRY 1ull

enum bp_stack_flags {
	BP_STACK_KERNEL_CUT = 1 << 0,
	BP_STACK_USER_CUT = 1 << 1,
	BP_STACK_PYTHON_CUT = 1 << 2,
	BP_STACK_PYTHON_FAULT = 1 << 3, /* the page of the next outer frame was not in memory */
	BP_STACK_SKIPPED = 1 << 4, /* not taken: too many in too short a time */
};

/* Innermost frame first in each part. */
struct bp_stack {
	unsigned short kernel_nr;
	unsigned short user_nr;
	unsigned short python_nr;
	unsigned short flags; /* enum bp_stack_flags */
	unsigned long long task; /* address of the asyncio Task that runs, 0: none or not known */
	unsigned long long kernel[BP_KERNEL_FRAMES];
	unsigned long long user[BP_USER_FRAMES];
	struct bp_python_frame python[BP_PYTHON_FRAMES];
};

/*
 * User registers by their DWARF numbers. x86-64 (psABI, figure 3.36): 0 to 15 are
 * rax rdx rcx rbx rsi rdi rbp rsp r8 to r15, 16 is rip. arm64 (AADWARF64, 4.1):
 * x0 to x30, 31 is sp; the program counter, which has no such number, is 32.
 */
#if defined(__aarch64__) || defined(__TARGET_ARCH_arm64)
#define BP_REGISTER_FP 29
#define BP_REGISTER_SP 31
#define BP_REGISTER_IP 32
#else
#define BP_REGISTER_FP 6
#define BP_REGISTER_SP 7
#define BP_REGISTER_IP 16
#endif

struct bp_registers {
	unsigned long long reg[BP_REGISTERS];
};

#endif
