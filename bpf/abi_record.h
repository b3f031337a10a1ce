/* SPDX-License-Identifier: GPL-2.0 */
/* abi_record.h - what the kernel side sends through the ring buffer. */
#ifndef BLOCKPROF_ABI_RECORD_H
#define BLOCKPROF_ABI_RECORD_H

#include "abi_slot.h"

#define BP_POLL_FDS	32 /* of a poll that are looked at */
#define BP_SELECT_WORDS 4 /* likewise of each set of a select, 64 descriptors in each */

#define BP_CLIENTS	 32 /* of those that a turn kept waiting that are described */
#define BP_TICKS_UNKNOWN (~0u)

/* Below sp, where a leaf function may keep what it has no room for: the x86-64 psABI's red zone, 3.2.2. */
#define BP_STACK_BELOW_BYTES	  128
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
	BP_RECORD_IMPACT,
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
	unsigned char below[BP_STACK_BELOW_BYTES]; /* up to sp; 0 where it could not be read */
	unsigned char stack[BP_STACK_COPY_BYTES];
};

/* TURN: a turn ended that was longer than the threshold. */
struct bp_turn {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long start_ns;
	unsigned long long end_ns;
	unsigned long long nested_since_ns; /* as in struct bp_slot */
	unsigned long long source; /* likewise, in this turn */
	unsigned long long closed_ns; /* likewise; 0: it was not seen to be closed in this turn */
	struct bp_ledger ledger;
	unsigned long long cpu_sampled_ns;
	long long delayed_events; /* what the next wait returned; -1: not known */
	struct bp_sum sums[BP_SUMS]; /* blocks that no slice was sent for */
	struct bp_runner runners[BP_RUNNERS];
};

/*
 * A descriptor that was ready when a turn had ended, or, where that is a socket that
 * listens, a connection that was not accepted yet. Not one by which the process wakes itself.
 */
struct bp_client {
	int fd;
	unsigned int kind; /* enum bp_object_kind: SOCKET or PIPE */
	unsigned int queued; /* a connection that was not accepted yet */
	/* Ticks of the scheduler's clock since its last data came; BP_TICKS_UNKNOWN: the kernel keeps no such time of it. */
	unsigned int ticks;
	unsigned long long ino;
	struct bp_socket socket;
};

/*
 * IMPACT: what had become ready while a turn ran that was longer than the threshold.
 * It comes before the turn's TURN record, where the wait that ended it had not slept.
 */
struct bp_impact {
	struct bp_header header;
	unsigned long long turn_seq;
	unsigned long long start_ns; /* of the turn */
	unsigned int events; /* that the wait returned; URING: that its ring held */
	unsigned int timers; /* timerfds among them */
	unsigned int waiting; /* clients in all */
	unsigned int ticks; /* the most of any of them; BP_TICKS_UNKNOWN: of none is it known */
	unsigned int nr; /* of clients that are described */
	struct bp_client clients[BP_CLIENTS];
	/* The kernel side's: what events carried of which the descriptor is to be found yet. */
	unsigned int nr_sought;
	unsigned long long sought[BP_CLIENTS];
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
	unsigned int count; /* how often it has come to this same wait, whatever lay between */
	unsigned long long wait_id;
	unsigned long long since_ns;
	unsigned long long pthread; /* pthread_self() */
	unsigned long long
		outer; /* sleeps clearly further out on the same stack since it first came to this wait */
	unsigned long long sp; /* user */
	unsigned long long source; /* as in struct bp_block */
	int syscall;
	unsigned int user; /* as in struct bp_process */
	char comm[BP_COMM_LEN];
	/* POLL: its descriptors; SELECT: a bit each, of all three sets, in words. */
	unsigned int nr_fds; /* as the program gives it */
	unsigned int listens; /* one of the first BP_POLL_FDS is a socket that listens */
	unsigned int connected; /* how many of them are sockets with a connection */
	union {
		int fds[BP_POLL_FDS];
		unsigned long long words[BP_SELECT_WORDS];
	};
	struct bp_stack stack;
};

/* FORK: parent is the process that forked, or the process itself for a thread. EXIT: status as wait() gives it. */
struct bp_process {
	struct bp_header header;
	unsigned int parent_tgid;
	unsigned int status; /* EXIT */
	unsigned int last; /* EXIT: the last thread of the process */
	unsigned int user; /* effective; there may be no slot that says it */
	char comm[BP_COMM_LEN];
};

#endif
