/* SPDX-License-Identifier: GPL-2.0-or-later */
/* safepoint.h - what a thread of a Java virtual machine waits for that is stopped with all others. */
#ifndef BLOCKPROF_CAPTURE_SAFEPOINT_H
#define BLOCKPROF_CAPTURE_SAFEPOINT_H

#include "base/memory.h"
#include "bpf/abi.h"
#include "model/model.h"

/*
 * If the slice, which is classified, is such a wait, it is gc if a collector has run meanwhile,
 * else a lock that is named a safepoint. One that lasts is known only while a collector runs.
 */
void safepoint_ended(const struct memory *memory, const struct bp_capture *capture,
		     struct slice *slice, uint64_t now_ns);
void safepoint_lasts(const struct memory *memory, const struct bp_capture *capture,
		     struct slice *slice, uint64_t now_ns);

#endif
