// SPDX-License-Identifier: GPL-2.0-or-later
/* in_call.c - what /proc/PID/task/TID/syscall says of a thread. */
#include "proc/in_call.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/files.h"

bool is_in_call(const struct memory *target, pid_t tid, int nr, uint64_t sp)
{
	char name[48], text[256];
	uint64_t its_sp;
	int its_nr;

	snprintf(name, sizeof(name), "task/%d/syscall", tid);
	/* "running", or the number, six arguments, the stack pointer and the program counter */
	return files_read_text(target, name, text, sizeof(text)) > 0 &&
	       sscanf(text, "%d %*s %*s %*s %*s %*s %*s %" SCNx64, &its_nr, &its_sp) == 2 &&
	       its_nr == nr && its_sp == sp;
}
