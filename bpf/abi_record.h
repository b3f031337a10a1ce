/* SPDX-License-Identifier: GPL-2.0 */
/* abi_record.h - what the kernel side sends through the ring buffer. */
#ifndef BLOCKPROF_ABI_RECORD_H
#define BLOCKPROF_ABI_RECORD_H

#include "abi_slot.h"

#define BP_STACK_COPY_BYTES	  65536 /* of a user stack, at the most */
#define BP_STACK_COPY_FIRST_BYTES 32768 /* as long as it is not known how many unwinding takes */

enum bp_record_type {
	BP_RECORD_SLICE = 1,
	BP_RECORD_SAMPLE,
	BP_RECORD_TURN,
	BP_RECORD_CANDIDATE,
	BP_RECORD_FORK,
	BP_RECORD_EXEC,
	BP_RECORD_EXIT,
	BP_RECORD_OBSERVED_SAMPLE,
	BP_RECORD_STACK_COPY,
};

struct bp_header {
	unsigned int type; /* enum bp_record_type */
	unsigned int slot; /* or BP_NO_SLOT */
	unsigned int tid;
	unsigned int tgid;
	unsigned long long time_ns; /* when it was sent */
};

/*
 * SLICE: blocked time, sent when a block ends. SAMPLE: cpu time.
 * capture is sent up to the last part that is used.
 */
struct bp_slice {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long turn_start_ns;
	unsigned long long ns; /* of this turn */
	unsigned long long max_ns;
	unsigned long long carry_ns; /* of earlier turns, and not part of ns */
	unsigned int count; /* blocks, or samples */
	unsigned int carry_count;
	struct bp_capture capture;
};

enum bp_stack_copy_flags {
	BP_STACK_COPY_CUT = 1 << 0, /* as many bytes as were wanted: the stack may go on */
	BP_STACK_COPY_OF_WAKER = 1 << 1, /* of the thread that ended the block, not of the slot's */
};

/*
 * STACK_COPY: what it takes to unwind the user stack of a thread: its registers as it
 * left user mode, and the stack from sp upwards. It belongs to the SLICE, SAMPLE or
 * OBSERVED_SAMPLE record of the same slot, tid and time that comes after it, maybe
 * with others in between; sent up to the last byte that is filled.
 */
struct bp_stack_copy {
	struct bp_header header;
	unsigned long long since_ns; /* the capture's; OBSERVED_SAMPLE: its header's time_ns */
	unsigned int bytes; /* of stack; ends early where a page is not in memory */
	unsigned int flags; /* enum bp_stack_copy_flags */
	unsigned int wanted; /* bytes of stack; there may be up to a page more */
	unsigned int owner; /* the kernel side's: who has this buffer; 0: no one */
	struct bp_registers regs;
	unsigned char stack[BP_STACK_COPY_BYTES];
};

/* TURN: a turn ended that was longer than the threshold. */
struct bp_turn {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long start_ns;
	unsigned long long end_ns;
	struct bp_ledger ledger;
	unsigned long long cpu_sampled_ns;
	long long delayed_events; /* what the next wait returned; -1: not known */
	struct bp_sum sums[BP_SUMS]; /* blocks that no slice was sent for */
	struct bp_runner runners[BP_RUNNERS];
};

/* OBSERVED_SAMPLE: a CPU tick hit a thread of a process that is observed. */
struct bp_observed_sample {
	struct bp_header header;
	struct bp_stack stack;
};

/*
 * CANDIDATE: a thread sleeps in a call that may be a loop's wait, and user space has
 * not decided yet whether it is one.
 */
struct bp_candidate {
	struct bp_header header;
	unsigned int wait_class;
	unsigned int count; /* how often in a row it has come to this same wait */
	unsigned long long wait_id;
	unsigned long long since_ns;
	unsigned long long pthread; /* pthread_self() */
	unsigned long long others; /* sleeps elsewhere since it first came to this wait */
	unsigned long long sp; /* user */
	int syscall;
	char comm[BP_COMM_LEN];
	unsigned int pad;
	struct bp_stack stack;
};

/* FORK: parent is the process that forked, or the process itself for a thread. EXIT: status as wait() gives it. */
struct bp_process {
	struct bp_header header;
	unsigned int parent_tgid;
	unsigned int status; /* EXIT */
	unsigned int last; /* EXIT: the last thread of the process */
	unsigned int pad;
	char comm[BP_COMM_LEN];
};

#endif
