// SPDX-License-Identifier: GPL-2.0-or-later
/* safepoint.c - by what the wait of a JVM's stopped thread is known. */
#include "capture/safepoint.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "runtime/java_gc.h"

/* Who lets the others go on: src/hotspot/share/runtime/vmThread.cpp. */
#define OPERATOR "VM Thread"

/* A thread comes to the safepoint so long before or after the collector begins. */
#define NEAR_NS (200 * NS_PER_MS)

static bool may_be(const struct bp_capture *capture, const struct slice *slice)
{
	return slice->cause == CAUSE_LOCK && capture->block.syscall == SYS_futex &&
	       !capture->block.args[3];
}

static void set_gc(struct slice *slice)
{
	slice->cause = CAUSE_GC;
	target_free(&slice->target);
}

static uint64_t age_ns(const struct bp_capture *capture, uint64_t now_ns)
{
	return now_ns > capture->since_ns ? now_ns - capture->since_ns : 0;
}

void safepoint_ended(const struct memory *memory, const struct bp_capture *capture,
		     struct slice *slice, uint64_t now_ns)
{
	int collected;

	if (!may_be(capture, slice) || slice->waker.pid != memory->pid ||
	    strcmp(slice->waker.comm, OPERATOR) != 0)
		return;
	collected = java_collected(memory, age_ns(capture, now_ns));
	if (collected > 0)
		set_gc(slice);
	if (collected && collected != -ENODATA)
		return;
	target_free(&slice->target);
	slice->target = (struct target){ .kind = TARGET_LOCK, .name = strdup("safepoint") };
}

void safepoint_lasts(const struct memory *memory, const struct bp_capture *capture,
		     struct slice *slice, uint64_t now_ns)
{
	uint64_t since_ns = age_ns(capture, now_ns), for_ns;

	if (may_be(capture, slice) && java_collects(memory, &for_ns) > 0 &&
	    since_ns < for_ns + NEAR_NS && for_ns < since_ns + NEAR_NS)
		set_gc(slice);
}
