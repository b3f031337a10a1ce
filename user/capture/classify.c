// SPDX-License-Identifier: GPL-2.0-or-later
/* classify.c - why a thread blocked, by its call and by what the descriptor stands for. */
#include "capture/classify.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "capture/kernel_wait.h"
#include "capture/object.h"
#include "capture/runtime_wait.h"
#include "capture/target.h"
#include "probe/syscall.h"

/* include/linux/kdev_t.h: the kernel's own encoding */
#define DEV_MAJOR(dev) ((dev) >> 20)

static bool is_tty(const struct bp_object *object)
{
	unsigned int major = DEV_MAJOR(object->rdev);

	/* Documentation/admin-guide/devices.txt: consoles, serial lines, pseudo terminals */
	return object->kind == BP_OBJECT_CHAR &&
	       (major == 4 || major == 5 || (major >= 136 && major <= 143) || major == 3 ||
		major == 204 || major == 166 || major == 188);
}

static bool anon_is(const struct bp_object *object, const char *name)
{
	return object->kind == BP_OBJECT_ANON && !strncmp(object->path, name, sizeof(object->path));
}

/* The descriptor says more than the call. */
static enum cause cause_of_object(const struct bp_object *object, enum cause cause)
{
	switch (object->kind) {
	case BP_OBJECT_SOCKET:
		return object_is_resolver(object) ? CAUSE_DNS : CAUSE_SOCKET;
	case BP_OBJECT_PIPE:
		return CAUSE_PIPE;
	case BP_OBJECT_CHAR:
		return is_tty(object) ? CAUSE_TTY : CAUSE_OTHER;
	case BP_OBJECT_ANON:
		if (anon_is(object, "[pidfd]"))
			return CAUSE_CHILD;
		if (anon_is(object, "[timerfd]"))
			return CAUSE_SLEEP;
		return cause == CAUSE_POLL ? CAUSE_POLL : CAUSE_OTHER;
	}
	return cause;
}

static enum cause cause_of(const struct bp_capture *capture, const struct stack *stack)
{
	const struct bp_block *block = &capture->block;
	const struct bp_object *object = capture_object(capture, stack);
	const struct syscall_info *info;

	if (block->flags & BP_BLOCK_STOPPED)
		return CAUSE_STOPPED;
	if (block->flags & BP_BLOCK_GIL)
		return CAUSE_GIL;
	if (block->flags & BP_BLOCK_TRY_LOCK)
		return CAUSE_FILE;
	if (block->flags & BP_BLOCK_TRY_CHILD)
		return CAUSE_CHILD;
	if (block->flags & BP_BLOCK_COMPAT)
		return CAUSE_OTHER;
	switch (kernel_wait_of(stack)) {
	case KERNEL_WAIT_MMAP_LOCK:
		return CAUSE_LOCK;
	case KERNEL_WAIT_MEMORY_HIGH:
		return CAUSE_THROTTLED;
	case KERNEL_WAIT_SOCKET:
		return CAUSE_SOCKET;
	default:
		break;
	}
	if (block->flags & BP_BLOCK_FAULT)
		return CAUSE_FAULT;
	info = syscall_info(block->syscall);
	if (!info)
		return CAUSE_OTHER;
	switch (info->cause) {
	case CAUSE_FILE:
	case CAUSE_SOCKET:
		return cause_of_object(object, info->cause);
	case CAUSE_POLL:
		if (info->flags & (BP_SYSCALL_POLL | BP_SYSCALL_SELECT)) {
			if (!object->nr_fds && !(block->flags & BP_BLOCK_FDS))
				return CAUSE_SLEEP; /* nothing but the timeout */
			if (object->nr_fds == 1 || info->flags & BP_SYSCALL_SELECT)
				return cause_of_object(object, CAUSE_POLL);
		}
		return CAUSE_POLL;
	default:
		return info->cause;
	}
}

static bool is_timed_futex(const struct bp_block *block)
{
	unsigned int op = (unsigned int)block->args[1] & FUTEX_CMD_MASK;

	return block->syscall == SYS_futex && block->args[3] &&
	       (op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET);
}

/* What the runtime's own frames say is more than what the call says. */
static enum cause cause_by_runtime(const struct bp_block *block, const struct stack *stack,
				   enum cause cause)
{
	switch (cause) {
	case CAUSE_LOCK:
		if (runtime_collects(stack))
			return CAUSE_GC;
		return is_timed_futex(block) && runtime_sleeps(stack) ? CAUSE_SLEEP : cause;
	case CAUSE_PIPE:
	case CAUSE_POLL:
	case CAUSE_SLEEP:
		return runtime_waits_for_child(stack) ? CAUSE_CHILD : cause;
	default:
		return cause;
	}
}

void classify(const struct classify *with, pid_t pid, const struct bp_capture *capture,
	      struct slice *slice)
{
	const struct bp_block *block = &capture->block;
	char name[32];

	slice->cause = cause_by_runtime(block, slice->stack, cause_of(capture, slice->stack));
	if (block->syscall != BP_NO_SYSCALL && !(block->flags & BP_BLOCK_COMPAT))
		slice->syscall = strdup(syscall_name(block->syscall, name, sizeof(name)));
	target_fill(with, pid, capture, slice);
}

/*
 * It waited for a descriptor, or a signal, and a child ended that as it ended itself, became
 * another program, or closed its output (as programs do when they end): whatever the call, it
 * waited for that. Where a pipe or socket was waited for, a signal says nothing of it, and a
 * connection is closed by who lives on, too.
 */
static bool ended_by_child(const struct bp_capture *capture, const struct slice *slice,
			   enum wakeup wakeup)
{
	bool ends = capture->other.flags & BP_OTHER_ENDS, closed = wakeup == WAKEUP_CLOSED;

	if (!slice->waker.pid || !(capture->other.flags & BP_OTHER_CHILD))
		return false;
	switch (slice->cause) {
	case CAUSE_PIPE:
		return closed || (ends && wakeup != WAKEUP_SIGNAL);
	case CAUSE_SOCKET:
		return ends && wakeup != WAKEUP_SIGNAL;
	case CAUSE_POLL:
	case CAUSE_OTHER:
		return ends || closed;
	default:
		return false;
	}
}

/* The time-out of a call that has it as a number; 0: none, or it has it elsewhere. */
static uint64_t timeout_ns(const struct bp_block *block)
{
	int ms = -1;

	switch (block->syscall) {
	case SYS_epoll_pwait:
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
		ms = (int)block->args[3];
		break;
#ifdef SYS_poll
	case SYS_poll:
		ms = (int)block->args[2];
		break;
#endif
	}
	return ms > 0 ? (uint64_t)ms * NS_PER_MS : 0;
}

/* Nobody ended it: a futex that is not ended by a thread is by its time. */
static bool has_timed_out(const struct bp_block *block, const struct slice *slice)
{
	uint64_t limit_ns = timeout_ns(block);

	if (slice->waker.pid || block->flags & BP_BLOCK_COMPAT || slice->cause == CAUSE_SLEEP)
		return false;
	return (slice->cause == CAUSE_LOCK && is_timed_futex(block)) ||
	       (limit_ns && slice->max_ns >= limit_ns);
}

/* A helper of the process's own had waited for a child, and woke it when that had ended. */
static bool ended_by_reaper(const struct bp_capture *capture, const struct slice *slice)
{
	return slice->waker.pid && capture->other.flags & BP_OTHER_REAPS &&
	       (slice->cause == CAUSE_POLL || slice->cause == CAUSE_LOCK);
}

static void set_child(struct slice *slice, pid_t pid, const char comm[BP_COMM_LEN])
{
	slice->cause = CAUSE_CHILD;
	target_free(&slice->target);
	slice->target = (struct target){
		.kind = TARGET_CHILD,
		.pid = pid,
		.comm = strndup(comm, BP_COMM_LEN),
	};
}

void classify_ended(const struct bp_capture *capture, enum wakeup wakeup, struct slice *slice)
{
	/* a sleeper that somebody wakes did wait for that */
	if (slice->cause == CAUSE_SLEEP && slice->waker.pid && is_timed_futex(&capture->block))
		slice->cause = CAUSE_LOCK;
	slice->timed_out = has_timed_out(&capture->block, slice);
	if (slice->cause == CAUSE_LOCK && !is_timed_futex(&capture->block) &&
	    runtime_is_collector(slice->waker.comm)) {
		slice->cause = CAUSE_GC;
		target_free(&slice->target);
	}
	if (ended_by_child(capture, slice, wakeup))
		set_child(slice, slice->waker.pid, slice->waker.comm);
	else if (ended_by_reaper(capture, slice))
		set_child(slice, (pid_t)capture->other.child.tgid, capture->other.child.comm);
}
