// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/thread_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "proc/procfs.h"

#define PAGE_BYTES   4096u /* the least that any machine has */
#define STATUS_BYTES 4096

/* The line of /proc/PID/task/TID/status; 0 where there is none. */
static uint64_t number_of(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

static int has_moved(pid_t pid, pid_t tid, uint64_t switches)
{
	char name[48], status[STATUS_BYTES];
	ssize_t got;

	snprintf(name, sizeof(name), "task/%d/status", tid);
	got = procfs_read(pid, name, status, sizeof(status));
	if (got < 0)
		return -ENOENT;
	return number_of(status, "\nvoluntary_ctxt_switches:") +
				       number_of(status, "\nnonvoluntary_ctxt_switches:") !=
			       switches
		       ? -EAGAIN
		       : 0;
}

int thread_copy_stack(pid_t pid, const struct bp_registers *regs, struct bp_copy *copy)
{
	uint64_t sp = regs->reg[BP_REGISTER_SP];

	memset(copy, 0, offsetof(struct bp_copy, stack));
	copy->regs = *regs;
	copy->wanted = BP_COPY_BYTES;
	/* page by page, as the next one may not be there */
	while (copy->bytes < BP_COPY_BYTES) {
		size_t bytes = PAGE_BYTES - (sp + copy->bytes) % PAGE_BYTES;
		struct iovec to = { copy->stack + copy->bytes, bytes };
		struct iovec from = { (void *)(uintptr_t)(sp + copy->bytes), bytes };

		if (bytes > BP_COPY_BYTES - copy->bytes)
			to.iov_len = from.iov_len = bytes = BP_COPY_BYTES - copy->bytes;
		if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)bytes)
			break;
		copy->bytes += (unsigned int)bytes;
	}
	if (copy->bytes == BP_COPY_BYTES)
		copy->flags |= BP_COPY_CUT;
	return copy->bytes ? 0 : -ENOENT;
}

int thread_copy(pid_t pid, pid_t tid, const struct bp_registers *regs, uint64_t switches,
		struct bp_copy *copy)
{
	int err = thread_copy_stack(pid, regs, copy);

	return err ? err : has_moved(pid, tid, switches);
}
