// SPDX-License-Identifier: GPL-2.0-or-later
/* classify.c - why a thread blocked, by its call and by what the descriptor stands for. */
#include "capture/classify.h"

#include <string.h>

#include "base/strings.h"
#include "capture/object.h"
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
		/* named [pidfd] before 6.10, pidfd: since then it is a file system of its own */
		if (anon_is(object, "[pidfd]") || anon_is(object, "pidfd"))
			return CAUSE_CHILD;
		return cause == CAUSE_POLL ? CAUSE_POLL : CAUSE_OTHER;
	}
	return cause;
}

static enum cause cause_of(const struct bp_capture *capture)
{
	const struct bp_block *block = &capture->block;
	const struct bp_object *object = &capture->object;
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

/*
 * A library's call that waits for a child by way of its pipes, or by naps, is
 * one that waits for the child: subprocess.run and Popen.communicate.
 */
static bool waits_for_child(const struct stack *stack)
{
	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];
		if (frame->kind != FRAME_PYTHON || !frame->file ||
		    strcmp(base_name(frame->file), "subprocess.py") != 0)
			continue;
		if (strstr(frame->fn, "communicate") || strstr(frame->fn, "wait"))
			return true;
	}
	return false;
}

void classify(const struct classify *with, pid_t pid, const struct bp_capture *capture,
	      struct slice *slice)
{
	const struct bp_block *block = &capture->block;
	char name[32];

	slice->cause = cause_of(capture);
	if (block->syscall != BP_NO_SYSCALL && !(block->flags & BP_BLOCK_COMPAT))
		slice->syscall = strdup(syscall_name(block->syscall, name, sizeof(name)));
	if ((slice->cause == CAUSE_PIPE || slice->cause == CAUSE_POLL ||
	     slice->cause == CAUSE_SLEEP) &&
	    waits_for_child(slice->stack))
		slice->cause = CAUSE_CHILD;
	target_fill(with, pid, capture, slice);
}
