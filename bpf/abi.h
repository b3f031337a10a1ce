/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abi.h - all that the kernel side and the user side both know; each includes
 * this file, which includes its parts.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. pid and tid are what user space calls
 * them (the kernel's tgid and pid), in the pid namespace that blockprof runs in.
 * An array holds what the nr beside it says; nothing is promised of the rest.
 */
#ifndef BLOCKPROF_ABI_H
#define BLOCKPROF_ABI_H

#include "abi_block.h"
#include "abi_capture.h"
#include "abi_config.h"
#include "abi_record.h"
#include "abi_slot.h"
#include "abi_snapshot.h"
#include "abi_stack.h"

/* Where something can be lost; names and words for users are in user/model/loss.c. */
enum bp_loss {
	BP_LOSS_SLICE_RING, /* ring buffer full */
	BP_LOSS_SAMPLE_RING,
	BP_LOSS_TURN_RING,
	BP_LOSS_CANDIDATE_RING,
	BP_LOSS_PROCESS_RING,
	BP_LOSS_THREADS, /* task storage could not be had */
	BP_LOSS_SLOTS, /* more loops than slots */
	BP_LOSS_STACK_SKIPPED, /* stacks not taken: too many in too short a time */
	BP_LOSS_PYTHON_FAULT, /* Python frames that were not in memory */
	BP_LOSS_PROCESSES, /* map of processes full */
	BP_LOSS_OBSERVED_SAMPLE_RING,
	BP_LOSS_STACK_COPY_RING, /* ring more than half full */
	BP_LOSS_STACK_COPY_ROOM, /* no buffer for one */
	BP_LOSS_IMPACT_RING,
	BP_LOSS_NR,
};

#endif
