// SPDX-License-Identifier: GPL-2.0-or-later
/* target.c - which processes cannot be watched or dumped, and why. */
#include "cli/target.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "proc/process.h"

int target_check(pid_t pid, const char *verb)
{
	pid_t tgid = 0;
	int err;

	switch (process_kind(pid, &tgid)) {
	case PROCESS_NORMAL:
		if (pid != getpid())
			return 0;
		message_error("cannot %s %d: that is blockprof itself; give another process", verb,
			      pid);
		return -EINVAL;
	case PROCESS_KERNEL_THREAD:
		message_error("cannot %s %d: it is a thread of the kernel and runs no loop; give a "
			      "process of a program",
			      verb, pid);
		return -EINVAL;
	case PROCESS_ZOMBIE:
		message_error(
			"cannot %s %d: it has ended, and its parent has not waited for it yet "
			"(zombie); give a process that runs",
			verb, pid);
		return -ESRCH;
	case PROCESS_THREAD:
		message_error("cannot %s %d: it is a thread of process %d; use -p %d", verb, pid,
			      tgid, tgid);
		return -EINVAL;
	case PROCESS_UNKNOWN:
		err = -errno;
		message_error("cannot %s %d: /proc/%d cannot be read: %s", verb, pid, pid,
			      strerror(-err));
		return err;
	case PROCESS_NONE:
		break;
	}
	message_error("cannot %s %d: no such process; look it up with ps or pgrep", verb, pid);
	return -ESRCH;
}
