// SPDX-License-Identifier: GPL-2.0-or-later
/* thread_copy.c - whether a thread stood still while its stack was copied. */
#include "proc/thread_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proc/procfs.h"
#include "proc/status.h"

#define STATUS_BYTES 4096

static int has_moved(pid_t pid, pid_t tid, uint64_t switches)
{
	char name[48], status[STATUS_BYTES];
	ssize_t got;

	snprintf(name, sizeof(name), "task/%d/status", tid);
	got = procfs_read(pid, name, status, sizeof(status));
	if (got < 0)
		return -ENOENT;
	return status_number(status, "\nvoluntary_ctxt_switches:") +
				       status_number(status, "\nnonvoluntary_ctxt_switches:") !=
			       switches
		       ? -EAGAIN
		       : 0;
}

int thread_copy_stack(const struct memory *memory, const struct bp_registers *regs,
		      struct bp_stack_copy *copy)
{
	ssize_t got;

	memset(copy, 0, offsetof(struct bp_stack_copy, stack));
	copy->regs = *regs;
	copy->wanted = BP_STACK_COPY_BYTES;
	got = memory_read_most(memory, regs->reg[BP_REGISTER_SP], copy->stack, BP_STACK_COPY_BYTES);
	if (got <= 0)
		return -ENOENT;
	copy->bytes = (unsigned int)got;
	if (copy->bytes == BP_STACK_COPY_BYTES)
		copy->flags |= BP_STACK_COPY_CUT;
	return 0;
}

int thread_copy(const struct memory *memory, pid_t tid, const struct bp_registers *regs,
		uint64_t switches, struct bp_stack_copy *copy)
{
	int err = thread_copy_stack(memory, regs, copy);

	return err ? err : has_moved(memory->pid, tid, switches);
}
