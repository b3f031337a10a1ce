/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall.h - what blockprof knows of system calls: what their arguments are, and the cause of a block in one. */
#ifndef BLOCKPROF_PROBE_SYSCALL_H
#define BLOCKPROF_PROBE_SYSCALL_H

#include "bpf/abi.h"
#include "model/model.h"

struct syscall_info {
	int nr;
	unsigned short flags; /* enum bp_syscall_flags */
	enum cause cause; /* as long as it is not known what its descriptor stands for */
};

/* NULL: nothing is known of it, its cause is other. */
const struct syscall_info *syscall_info(int nr);

/* Name of a number, "syscall_N" for an unknown one. buf is used where needed. */
const char *syscall_name(int nr, char *buf, size_t size);

/* Fills the kernel side's table. */
void syscall_fill_flags(unsigned short flags[BP_SYSCALLS]);

#endif
