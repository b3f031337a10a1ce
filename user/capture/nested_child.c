// SPDX-License-Identifier: GPL-2.0-or-later
/* nested_child.c - which child a loop waits for that a runtime runs inside a callback. */
#include "capture/nested_child.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/process.h"

#define CHILDREN_MAX 64

/* A tick is long: a child that has begun in the same one as the turn counts as of the turn. */
static bool is_of_turn(pid_t child, uint64_t turn_start_ns)
{
	int64_t suspended_ns = (int64_t)(clock_read_ns(CLOCK_BOOTTIME) - clock_now_ns());
	long a_second = sysconf(_SC_CLK_TCK);
	uint64_t ticks;

	if (a_second <= 0 || process_start_time(child, &ticks))
		return false;
	return (int64_t)((ticks + 1) * (uint64_t)(NS_PER_SEC / a_second)) - suspended_ns >=
	       (int64_t)turn_start_ns;
}

void nested_child(pid_t pid, uint64_t turn_start_ns, struct slice *slice)
{
	pid_t children[CHILDREN_MAX];
	int nr = process_children(pid, children, CHILDREN_MAX);
	char comm[16];

	slice->cause = CAUSE_CHILD;
	target_free(&slice->target);
	slice->target = (struct target){ .kind = TARGET_CHILD };
	/* the kernel lists them in the order in which they were forked */
	while (nr > 0 && !is_of_turn(children[nr - 1], turn_start_ns))
		nr--;
	if (nr <= 0) {
		/* it has ended, and ended the wait by that */
		if (slice->waker.pid && slice->waker.pid != pid) {
			slice->target.pid = slice->waker.pid;
			slice->target.comm = strndup(slice->waker.comm, sizeof(slice->waker.comm));
		}
		return;
	}
	slice->target.pid = children[nr - 1];
	if (!process_comm(children[nr - 1], comm))
		slice->target.comm = strndup(comm, sizeof(comm));
}
