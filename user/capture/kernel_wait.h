/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_wait.h - what the kernel's own frames say that a thread waited for. */
#ifndef BLOCKPROF_CAPTURE_KERNEL_WAIT_H
#define BLOCKPROF_CAPTURE_KERNEL_WAIT_H

#include "model/model.h"

enum kernel_wait {
	KERNEL_WAIT_OTHER, /* what the call says */
	KERNEL_WAIT_MMAP_LOCK, /* of the address space: another thread maps, unmaps, forks, ... */
	KERNEL_WAIT_MEMORY_HIGH, /* its cgroup has more memory than memory.high: it is slowed down */
	KERNEL_WAIT_SOCKET, /* it closes one, of which the descriptor shows nothing any more */
};

/* stack: may be NULL. */
enum kernel_wait kernel_wait_of(const struct stack *stack);

enum kernel_side {
	KERNEL_SIDE_UNKNOWN,
	KERNEL_SIDE_INPUT,
	KERNEL_SIDE_OUTPUT,
};

/* For which end a call waited that moves data from one descriptor to another: sendfile(2) and the like. */
enum kernel_side kernel_side_of(const struct stack *stack);

#endif
