/* SPDX-License-Identifier: GPL-2.0 */
/* vmlinux.h - arm64: registers, and everything else from kernel_types.h. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include "../kernel_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};

struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		struct {
			u64 regs[31];
			u64 sp;
			u64 pc;
			u64 pstate;
		};
	};
	u64 orig_x0;
	s32 syscallno;
};

#pragma clang attribute pop

/* The context of a perf_event program is part of the user ABI: not relocated. */
struct bpf_perf_event_data {
	u64 regs[34];
	u64 sample_period;
	u64 addr;
};

#endif
